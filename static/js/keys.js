// Keys that stand for a link (data-key), and buttons that print the page (data-print).
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, dialog, [contenteditable]");
    if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
    document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
