// Small comforts. Every page works without this file.
"use strict";

// Which part of the site is this? CSS marks it; this tells screen readers.
const here = document.body.dataset.nav;
if (here) {
  for (const link of document.querySelectorAll(`.nav a[data-nav="${CSS.escape(here)}"]`)) link.setAttribute("aria-current", "page");
}

// Menus close on Escape and on a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The appearance changes without a page load; the form does the same without this.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-switch]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.theme = theme;
  fetch(form.action, { method: "POST", body: new FormData(form, event.submitter) });
});

// On a phone the tabs scroll sideways: the one that is open is in sight.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 16;

// A form with [data-auto-submit] sends itself when a select changes.
document.addEventListener("change", (event) => {
  const select = event.target.closest("[data-auto-submit] select");
  if (select) select.form.requestSubmit();
  const all = event.target.closest("[data-check-all]");
  if (all) for (const box of all.closest("form").querySelectorAll('input[type="checkbox"][name="alert"]')) box.checked = all.checked;
});

// A second press of the same button does nothing while the first is under way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// htmx sends Django's token with every unsafe request, and never swaps a list while boxes are ticked or a menu is open.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.value;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) return event.preventDefault();
  const busy = event.target.querySelector && (event.target.querySelector("input[type=checkbox]:checked") || event.target.querySelector("details[open]"));
  if (busy && event.detail.requestConfig.triggeringEvent?.type !== "submit" && event.detail.requestConfig.verb === "get") event.preventDefault();
});
