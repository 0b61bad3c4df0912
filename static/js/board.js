// The board without an account: the code behind the # is posted; the screen in the hall brings one slide after the other.
(() => {
  "use strict";

  const enter = document.getElementById("hall-enter");
  if (enter && window.location.hash.length > 1) {
    enter.elements.code.value = decodeURIComponent(window.location.hash.slice(1));
    // Neither the history nor a shared screen keeps it.
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    enter.requestSubmit();
  }

  const page = () => document.querySelector("main[data-next]");
  if (!page()) return;
  let paused = false;
  let timer = 0;

  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => (paused ? wait() : turn(1)), Number(page().dataset.seconds) * 1000);
  };

  // A dead connection leaves the slide that hangs; a link that is closed shows so at once.
  const turn = async (steps) => {
    const next = Number(new URLSearchParams(page().dataset.next.slice(1)).get("slide")) + steps - 1;
    try {
      const answer = await fetch(`?slide=${Math.max(next, 1)}`, { headers: { "X-Background": "1" } });
      if (!answer.ok || answer.redirected) {
        if (answer.status < 500) window.location.reload();
        return;
      }
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main[data-next]");
      if (found) page().replaceWith(found);
    } catch {
      // Once more after the usual time.
    } finally {
      wait();
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") turn(1);
    else if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === " ") paused = !paused;
    else return;
    event.preventDefault();
  });
  wait();
})();
