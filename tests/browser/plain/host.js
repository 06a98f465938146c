// A page with a user, shortcuts and a button that fails.

window.deskbell ||= (...a) => {
  const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n]));
  p.catch(() => {});
  return p;
};

if (!new URLSearchParams(location.search).has("signed-out"))
  deskbell("identify", {
    id: "u-1",
    name: "Ada Host",
    email: "ada@host.example",
    plan: "team",
    organization: { id: "o-1", name: "Host Ltd" },
  });

addEventListener("DOMContentLoaded", () => {
  const search = document.getElementById("search");
  const root = document.documentElement;
  addEventListener("keydown", (event) => {
    root.dataset.keys = (root.dataset.keys ?? "") + event.key;
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea");
    if (event.key !== "/" || isTyping) return;
    event.preventDefault();
    search?.focus();
  });
  let breaks = 0;
  document.getElementById("break")?.addEventListener("click", () => {
    throw new RangeError(`broken ${++breaks}`);
  });
  const modal = document.getElementById("modal");
  document.getElementById("close-modal")?.addEventListener("click", () => modal?.close());
});
