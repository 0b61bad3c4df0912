// The ballot paper, of an account or of a slip: how much is answered, casting that survives a dead connection, and forgetting.
// What is chosen lives in this page alone: nothing is stored here, and nothing is sent but the vote itself.
(() => {
  "use strict";

  const PATIENCE = 20000; // milliseconds until a sending that hangs is given up

  // ---- the code of a slip: read from behind the #, and taken out of the address at once ----
  const enter = document.querySelector("[data-slip-enter]");
  if (enter && window.location.hash.length > 1) {
    enter.elements.code.value = decodeURIComponent(window.location.hash.slice(1));
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    enter.requestSubmit();
  }

  // ---- a terminal that many share goes back to the beginning by itself ----
  const terminal = document.querySelector("[data-terminal]");
  if (terminal) {
    const start = () => window.location.replace(terminal.dataset.terminal);
    const done = document.querySelector("[data-done-seconds]");
    if (done) setTimeout(start, Number(done.dataset.doneSeconds) * 1000);
    let idle = 0;
    const wait = () => {
      clearTimeout(idle);
      if (document.querySelector("[data-vote]")) idle = setTimeout(start, Number(terminal.dataset.idleSeconds) * 1000);
    };
    for (const kind of ["pointerdown", "keydown", "scroll"]) document.addEventListener(kind, wait, { passive: true });
    wait();
  }

  // Back and forward must not bring a filled-in paper to light.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  // ---- the ballot ----
  const ballot = (form) => {
    const questions = [...form.querySelectorAll("fieldset")];
    const told = form.querySelector("[data-answered]");
    const next = form.querySelector("[data-next-question]");
    const isOpen = (question) => !question.querySelector(":checked");

    const count = () => {
      const open = questions.filter(isOpen).length;
      told.textContent = told.dataset.text.replace("{n}", questions.length - open).replace("{all}", questions.length);
      next.hidden = open === 0 || open === questions.length;
    };
    form.addEventListener("change", count);
    next.addEventListener("click", () => {
      const question = questions.find(isOpen);
      question?.scrollIntoView({ block: "center" });
      question?.querySelector("input").focus({ preventScroll: true });
    });
    count();

    // An expired session: asked again when the page comes back to the front, since a sleeping phone stops timers.
    const expired = document.querySelector("[data-expired]");
    const expire = () => {
      expired.hidden = false;
      for (const control of form.elements) control.disabled = true;
      form.reset();
      expired.scrollIntoView();
      clearInterval(watch);
    };
    const ends = Date.now() + Number(form.dataset.idleSeconds) * 1000;
    const look = () => {
      if (expired && Date.now() >= ends) expire();
    };
    const watch = setInterval(look, 15000);
    document.addEventListener("visibilitychange", look);

    // Casting: what is chosen stays until an answer has come; a second sending counts nothing.
    const unsent = form.querySelector("[data-unsent]");
    const button = form.querySelector("[type=submit]");
    const after = new URL(form.dataset.after + (terminal ? "?terminal=1" : ""), window.location);
    let sending = false;
    let uncertain = false;

    const take = async (answer) => {
      const counted = answer.redirected && new URL(answer.url).pathname === after.pathname;
      if (counted || (answer.status === 409 && uncertain)) {
        // 409 after a sending that nobody answered: the first one had arrived.
        form.reset();
        window.location.replace(after);
        return;
      }
      if (answer.redirected && expired) {
        expire();
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
      if (!page || answer.status >= 500) throw new Error("no page");
      clearInterval(watch);
      document.getElementById("main").replaceWith(page);
      const handedBack = page.querySelector("[data-vote]");
      if (handedBack) ballot(handedBack);
      page.querySelector("[data-focus]")?.focus();
    };

    form.addEventListener("submit", async (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      if (sending) return;
      sending = true;
      unsent.hidden = true;
      button.setAttribute("aria-busy", "true");
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), PATIENCE);
      try {
        await take(await fetch(form.action, { method: "POST", body: new FormData(form), signal: stop.signal }));
      } catch {
        uncertain = true;
        unsent.hidden = false;
        unsent.scrollIntoView({ block: "center" });
        unsent.focus({ preventScroll: true });
      } finally {
        clearTimeout(timer);
        button.removeAttribute("aria-busy");
        sending = false;
      }
    });
  };

  const paper = document.querySelector("[data-vote]");
  if (paper) ballot(paper);
})();
