// The ballot paper: how much is answered, and a word when the session must have ended. Nothing is stored or sent from here.
(() => {
  "use strict";

  const form = document.querySelector("[data-vote]");
  if (!form) return;
  const questions = form.querySelectorAll("fieldset");
  const told = form.querySelector("[data-answered]");

  const count = () => {
    const answered = [...questions].filter((question) => question.querySelector(":checked")).length;
    told.textContent = told.dataset.text.replace("{n}", answered).replace("{all}", questions.length);
  };
  form.addEventListener("change", count);
  count();

  // Asked again when the page comes back to the front: a sleeping phone stops timers.
  const ends = Date.now() + Number(form.dataset.idleSeconds) * 1000;
  const expire = () => {
    if (Date.now() < ends) return;
    document.querySelector("[data-expired]").hidden = false;
    for (const control of form.elements) control.disabled = true;
    form.reset();
    document.querySelector("[data-expired]").scrollIntoView();
    clearInterval(watch);
  };
  const watch = setInterval(expire, 15000);
  document.addEventListener("visibilitychange", expire);

  // Back and forward must not bring a filled-in paper to light.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
})();
