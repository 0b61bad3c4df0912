// What is done before the other scripts have come, on a slow line: a press waits for them, since they ask before a step is
// taken; what was typed bears a mark, so that it is kept as well.
(() => {
  let held = null;
  const hold = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    held = { form: event.target, button: event.submitter };
  };
  const note = (event) => event.target.setAttribute("data-early", "");
  document.addEventListener("submit", hold, true);
  document.addEventListener("input", note);
  document.addEventListener("DOMContentLoaded", () => {
    // The others begin with the same event.
    setTimeout(() => {
      document.removeEventListener("submit", hold, true);
      document.removeEventListener("input", note);
      if (held?.form.isConnected) held.form.requestSubmit(held.button);
    }, 0);
  });
})();
