/**
 * Meadow, the product that embeds Deskbell in its demo. What a host has to write is this first part; all of it may run
 * before or after Deskbell's own script has arrived.
 */

window.deskbell ||= (...a) => {
  const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n]));
  p.catch(() => {});
  return p;
};

deskbell("set", { release: "2026.11.2", environment: "demo" });

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} email
 * @property {{id: string, name: string}} organization
 * @property {"free" | "team" | "enterprise"} plan
 * @property {"owner" | "admin" | "member"} role
 */

/**
 * @param {Person | null} person who is signed in now
 * @param {Person | null} before who was signed in until now
 */
function tellDeskbell(person, before) {
  // Signing in keeps drafts written while signed out; only leaving an account has to clear them.
  if (before && before.id !== person?.id) {
    deskbell("reset");
  }
  if (person) {
    deskbell("identify", person);
  }
}

/* From here on it is Meadow itself. */

/** @type {Person[]} */
const people = [
  {
    id: "u-ada",
    name: "Ada Lovett",
    email: "ada@northwind.example",
    organization: { id: "org-1", name: "Northwind Tea" },
    plan: "enterprise",
    role: "admin",
  },
  {
    id: "u-ben",
    name: "Ben Okafor",
    email: "ben@paperlane.example",
    organization: { id: "org-2", name: "Paperlane" },
    plan: "team",
    role: "member",
  },
  {
    id: "u-chloe",
    name: "Chloé Martin",
    email: "chloe@solo.example",
    organization: { id: "org-3", name: "Solo Studio" },
    plan: "free",
    role: "owner",
  },
];

const plans = {
  free: { label: "Free", price: 0 },
  team: { label: "Team", price: 49 },
  enterprise: { label: "Enterprise", price: 390 },
};

const root = document.documentElement;

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/**
 * @param {string} name
 * @param {string} text
 */
function fillSlots(name, text) {
  for (const slot of document.querySelectorAll(`[data-slot="${name}"]`)) {
    slot.textContent = text;
  }
}

/**
 * Storage is refused in some private windows and sandboxed frames, where the choice then lasts as long as the page.
 *
 * @param {string} key
 * @returns {string | null}
 */
function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See recall: only the choice for the next visit is lost.
  }
}

/* Theme and language */

const themeSelect = /** @type {HTMLSelectElement} */ (byId("theme"));
const languageSelect = /** @type {HTMLSelectElement} */ (byId("language"));

/** @param {string} theme */
function applyTheme(theme) {
  if (theme === "light" || theme === "dark") {
    root.dataset.theme = theme;
  } else {
    delete root.dataset.theme;
  }
}

themeSelect.value = recall("meadow-theme") ?? "auto";
if (themeSelect.selectedIndex < 0) {
  themeSelect.value = "auto";
}
applyTheme(themeSelect.value);
themeSelect.addEventListener("change", () => {
  applyTheme(themeSelect.value);
  remember("meadow-theme", themeSelect.value);
});

const language = [...languageSelect.options].find(
  (option) => option.value === new URLSearchParams(location.search).get("lang"),
);
if (language) {
  root.lang = language.value;
  root.dir = language.dir || "ltr";
}
languageSelect.value = root.lang;
languageSelect.addEventListener("change", () => {
  const url = new URL(location.href);
  url.searchParams.set("lang", languageSelect.value);
  location.assign(url);
});

/* Navigation */

const views = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-view]")]);
const viewLinks = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("[data-view-link]")]);

/** @type {string | undefined} */
let shown;

/** The address decides, so that reload, back and a link from elsewhere all end in the same place. */
function showView() {
  const name = location.pathname.replace(/\/+$/, "").slice(1);
  const view = views.find((candidate) => candidate.dataset.view === name) ?? views[0];
  // A change of the hash alone also arrives as popstate.
  if (view.dataset.view === shown) {
    return;
  }
  const arriving = shown === undefined;
  shown = view.dataset.view;
  document.title = `${view.dataset.title} · Meadow`;
  for (const candidate of views) {
    candidate.hidden = candidate !== view;
  }
  for (const link of viewLinks) {
    if (link.dataset.viewLink === shown && !link.matches(".brand")) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
  if (!arriving) {
    view.querySelector("h1")?.focus({ preventScroll: true });
  }
}

for (const link of viewLinks) {
  if (language) {
    const url = new URL(link.href);
    url.searchParams.set("lang", language.value);
    link.href = url.href;
  }
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    if (link.pathname !== location.pathname) {
      history.pushState(null, "", link.href);
      showView();
      scrollTo(0, 0);
    }
  });
}
addEventListener("popstate", showView);
showView();

/* Menus */

for (const menu of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[role=menu]"))) {
  const button = /** @type {HTMLButtonElement} */ (document.querySelector(`[popovertarget="${menu.id}"]`));
  const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("[role^=menuitem]")]);

  menu.addEventListener("beforetoggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") {
      return;
    }
    const box = button.getBoundingClientRect();
    const end = root.dir === "rtl" ? box.left : root.clientWidth - box.right;
    menu.style.setProperty("--menu-top", `${box.bottom + scrollY + 6}px`);
    menu.style.setProperty("--menu-end", `${Math.max(end, 8)}px`);
    // The browser itself then moves the focus while it opens the menu; the toggle event comes too late for a quick typist.
    const first = items.find((item) => item.ariaChecked === "true") ?? items[0];
    for (const item of items) {
      item.autofocus = item === first;
    }
  });

  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      items.at(next % items.length)?.focus();
    } else if (event.key === "Tab") {
      // Hiding returns the focus to the button, from which Tab continues.
      menu.hidePopover();
    }
  });

  // Hidden before other listeners handle the click, so that code that opens a panel finds the focus on the button, not in a
  // menu that is about to vanish.
  menu.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest("[role^=menuitem]")) {
      menu.hidePopover();
    }
  });

  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      menu.showPopover();
    }
  });
}

/* Account */

/** @type {Person | null} */
let current = null;

const invoiceDates = ["2026-11-01", "2026-10-01", "2026-09-01", "2026-08-01"];
const longDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/** @param {Person | null} person */
function showInvoices(person) {
  const price = person ? plans[person.plan].price : 0;
  const template = /** @type {HTMLTemplateElement} */ (byId("invoice-row"));
  const rows = (price ? invoiceDates : []).map((date) => {
    const row = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const [number, , , amount] = row.querySelectorAll("td");
    const time = /** @type {HTMLTimeElement} */ (row.querySelector("time"));
    number.textContent = `M-${date.slice(0, 7).replace("-", "")}`;
    time.dateTime = date;
    time.textContent = longDate.format(new Date(date));
    amount.textContent = euros.format(price);
    return row;
  });
  byId("invoices")
    .querySelector("tbody")
    ?.replaceChildren(...rows);
  byId("invoices").hidden = !rows.length;
  byId("no-invoices").hidden = rows.length > 0;
}

/** @param {Person | null} person */
function signIn(person) {
  const before = current;
  current = person;
  tellDeskbell(person, before);

  fillSlots("name", person?.name ?? "Signed out");
  fillSlots("initials", person ? person.name.replace(/(\p{L})\p{L}*\s*/gu, "$1") : "–");
  fillSlots("workspace", person?.organization.name ?? "Sample workspace");
  fillSlots("plan", person ? plans[person.plan].label : "none");
  for (const item of document.querySelectorAll("[data-person]")) {
    item.ariaChecked = String(item.getAttribute("data-person") === (person?.id ?? ""));
  }
  for (const plan of document.querySelectorAll("[data-plan]")) {
    const chosen = plan.getAttribute("data-plan") === person?.plan;
    plan.classList.toggle("chosen", chosen);
    /** @type {HTMLElement} */ (plan.querySelector(".current")).hidden = !chosen;
    /** @type {HTMLElement} */ (plan.querySelector("button")).hidden = chosen;
  }
  showInvoices(person);
}

/** @param {string} id */
const personById = (id) => people.find((person) => person.id === id) ?? null;

for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-person]"))) {
  item.addEventListener("click", () => {
    const id = item.dataset.person ?? "";
    if (id !== (current?.id ?? "")) {
      signIn(personById(id));
      remember("meadow-person", id);
    }
  });
}
signIn(personById(recall("meadow-person") ?? people[0].id));

/* Dashboard. Its two buttons fail on purpose, in the ways real pages do. */

byId("export-chart").addEventListener("click", () => {
  /** @type {Map<string, {rows: number[][]}>} */
  const tables = new Map();
  const rows = /** @type {{rows: number[][]}} */ (tables.get("daily-active-people")).rows;
  const file = new Blob([rows.map((row) => row.join(",")).join("\n")], { type: "text/csv" });
  open(URL.createObjectURL(file));
});

byId("refresh-data").addEventListener("click", async () => {
  const status = byId("refresh-status");
  status.classList.remove("failed");
  status.textContent = "Refreshing…";
  const answer = await fetch("/demo/fail").catch(() => null);
  if (answer?.ok) {
    status.textContent = "Updated just now";
  } else {
    status.classList.add("failed");
    status.textContent = "Could not refresh";
  }
});

/* Alerts */

const rules = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(".rules input")]);
for (const rule of rules) {
  rule.addEventListener("change", () => fillSlots("rules-on", String(rules.filter((each) => each.checked).length)));
}

byId("test-alert").addEventListener("click", () => {
  byId("alert-status").textContent = "Sent";
});

/* Billing. Changing the plan fails on purpose. */

/** @returns {Promise<never>} */
function askPaymentProvider() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("Payment provider did not confirm (code pm_4021)")), 300);
  });
}

for (const button of document.querySelectorAll("[data-plan] button")) {
  button.addEventListener("click", () => {
    const status = byId("plan-status");
    status.classList.remove("failed");
    status.textContent = "Changing the plan…";
    // The rejection is not handled on purpose: this is the bug that the demo shows.
    void askPaymentProvider().finally(() => {
      status.classList.add("failed");
      status.textContent = "The plan was not changed";
    });
  });
}

byId("payment-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("payment-status").textContent = "Saved";
});
byId("payment-form").addEventListener("input", () => {
  byId("payment-status").textContent = "";
});
