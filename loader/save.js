// Saves what cannot be sent as a file.

import { assign } from "./assign.js";

/** @param {string} text what the customer wrote @param {string} body what would be sent */
export const save = (text, body) => {
  const href = URL.createObjectURL(new Blob([`${text}\n\n---\n${body}\n`], { type: "text/plain" }));
  const link = document.createElement("a");
  assign(link, { href, download: "ticket.txt" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
};
