// Pages of reports: columns move up and down, many boxes are ticked at once.
const form = document.querySelector("[data-report]");

form?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const item = button.closest("li");
  const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (button.dataset.move === "up") other.before(item);
  else other.after(item);
  button.focus();
  item.dispatchEvent(new Event("change", { bubbles: true }));
});

form?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-all]");
  if (!button) return;
  for (const box of button.closest("fieldset").querySelectorAll("input[type=checkbox]")) box.checked = !!button.dataset.all;
});
