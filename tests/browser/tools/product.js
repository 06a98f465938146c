// A small product: views, a form, and buttons whose actions fail.

for (const link of document.querySelectorAll("nav a"))
  link.addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
  });

document.getElementById("pay")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
  fetch("/api/payments", { method: "POST", body, headers });
});

document.getElementById("export")?.addEventListener("click", () => {
  throw new TypeError("rows is undefined");
});

document.getElementById("refresh")?.addEventListener("click", () => {
  Promise.reject(new RangeError("no such page"));
});
