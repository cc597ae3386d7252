// The console's tables give their fields no name of their own: the column's heading is one.
(() => {
  let count = 0;

  function nameOf(field) {
    const label = field.id && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    if (label) return label.textContent.replace("*", "").trim();
    const cell = field.closest("td");
    const heads = cell?.closest("table")?.tHead?.rows[0]?.cells;
    const head = cell && heads?.[cell.cellIndex]?.querySelector("span > span");
    return head?.firstChild?.textContent.trim() || field.name?.split("-").pop().replace(/_/g, " ");
  }

  function nameAll() {
    for (const field of document.querySelectorAll("td input, td select, td textarea")) {
      if (field.type === "hidden" || field.labels?.length || field.hasAttribute("aria-label")) continue;
      const name = nameOf(field);
      if (name) field.setAttribute("aria-label", name);
    }
    for (const combo of document.querySelectorAll(".select2-selection[role=combobox]:not([aria-label])")) {
      const value = combo.getAttribute("aria-labelledby") || "";
      const select = document.getElementById(value.replace(/^select2-|-container$/g, ""));
      const name = select && (select.getAttribute("aria-label") || nameOf(select));
      if (!name) continue;
      combo.id ||= `console-combo-${++count}`;
      combo.setAttribute("aria-label", name);
      combo.setAttribute("aria-labelledby", `${combo.id} ${value}`);
      document.getElementById(value)?.setAttribute("aria-label", `${name}: ${select.selectedOptions[0]?.text || "nothing chosen"}`);
    }
  }

  // Rows and pickers are added at any time, by the console's own scripts too.
  new MutationObserver(nameAll).observe(document.documentElement, { childList: true, subtree: true });
  window.addEventListener("load", nameAll);
})();
