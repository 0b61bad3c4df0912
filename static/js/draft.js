// Keeps what is typed into forms with data-draft: in this browser at once, with the server (data-draft-url) a moment later.
// The page that opens the form shows what was kept; what the server never got is sent to it first.
(() => {
  "use strict";

  const PREFIX = "draft:";
  const SOON = 400;
  const LATER = 2500;
  const AGAIN = 15000;
  const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.split("=")[1] ?? "";

  // Private windows may refuse to store anything.
  const store = {
    get: (name) => {
      try {
        return JSON.parse(localStorage.getItem(name));
      } catch {
        return null;
      }
    },
    set: (name, value) => {
      try {
        localStorage.setItem(name, JSON.stringify(value));
      } catch {
        /* the server keeps it */
      }
    },
    remove: (name) => {
      try {
        localStorage.removeItem(name);
      } catch {
        /* nothing is kept */
      }
    },
    names: () => {
      try {
        return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
      } catch {
        return [];
      }
    },
  };

  const { user, draftsDone } = document.body.dataset;
  for (const key of (draftsDone ?? "").split(" ").filter(Boolean)) store.remove(`${PREFIX}${user}:${key}`);
  // Whoever signs out leaves nothing behind on a shared computer; the server has it.
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.matches("form[data-logout]")) store.names().forEach(store.remove);
  });

  const keep = (form) => {
    const name = `${PREFIX}${user}:${form.dataset.draft}`;
    const status = form.querySelector("[data-draft-status]");
    const typed = () =>
      [...new FormData(form)].filter(([field, value]) => typeof value === "string" && field !== "csrfmiddlewaretoken");
    const text = () => JSON.stringify(typed());
    let shown = form.querySelector("[data-early]") ? "" : text();
    let timers = {};

    const say = (what) => {
      if (!status) return;
      const now = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
      status.textContent = status.dataset[what].replace("{time}", now);
      status.dataset.state = what;
    };

    const send = async () => {
      const fields = typed();
      try {
        const answer = await fetch(form.dataset.draftUrl, {
          method: "POST",
          keepalive: true,
          redirect: "manual", // a lost session leads to the login page
          headers: { "X-CSRFToken": cookie("csrftoken"), "X-Background": "1" },
          body: new URLSearchParams({ fields: JSON.stringify(fields) }),
        });
        if (answer.ok) {
          store.set(name, { fields, sent: true });
          say("saved");
          return true;
        }
        say(answer.type === "opaqueredirect" || answer.status === 403 ? "signedOut" : "local");
      } catch {
        say("local");
      }
      clearTimeout(timers.again);
      timers.again = setTimeout(send, AGAIN);
      return false;
    };

    const changed = () => {
      const now = text();
      if (now === shown) return;
      shown = now;
      store.set(name, { fields: typed(), sent: false });
      clearTimeout(timers.send);
      timers.send = setTimeout(send, LATER);
    };

    const listen = () => {
      clearTimeout(timers.look);
      timers.look = setTimeout(changed, SOON);
    };
    form.addEventListener("input", listen);
    form.addEventListener("change", listen);
    document.addEventListener("htmx:afterSettle", listen); // an item was added or removed
    window.addEventListener("pagehide", changed);
    window.addEventListener("online", () => store.get(name)?.sent === false && send());

    if (!shown) listen();

    // What the server never got, because the session or the connection was gone: send it, and show it.
    const lost = shown && store.get(name);
    if (lost && !lost.sent && JSON.stringify(lost.fields) !== shown) {
      fetch(form.dataset.draftUrl, {
        method: "POST",
        redirect: "manual",
        headers: { "X-CSRFToken": cookie("csrftoken") },
        body: new URLSearchParams({ fields: JSON.stringify(lost.fields) }),
      }).then((answer) => {
        if (!answer.ok) return;
        store.set(name, { fields: lost.fields, sent: true });
        location.reload();
      }, () => {});
    }
  };

  // Who has no account keeps it in this tab alone, for a while, without what says who it is.
  const WHILE = 15 * 60 * 1000;
  const keepInTab = (form) => {
    const name = `${PREFIX}${location.pathname}`;
    const fields = () => [...form.elements].filter((field) => field.name && !field.dataset.private && field.type !== "hidden");
    const picked = (field) => field.type === "radio" || field.type === "checkbox";
    try {
      const { at, typed } = JSON.parse(sessionStorage.getItem(name)) ?? {};
      if (!typed || Date.now() - at > WHILE || document.querySelector("#messages .note-success")) {
        sessionStorage.removeItem(name);
      } else {
        for (const field of fields()) {
          if (picked(field)) field.checked = typed.some(([key, value]) => key === field.name && value === field.value);
          else field.value = typed.find(([key]) => key === field.name)?.[1] ?? field.value;
        }
      }
      form.addEventListener("input", () => {
        const now = fields().filter((field) => !picked(field) || field.checked);
        sessionStorage.setItem(name, JSON.stringify({ at: Date.now(), typed: now.map((field) => [field.name, field.value]) }));
      });
    } catch {
      /* nothing is kept */
    }
  };

  for (const form of document.querySelectorAll("form[data-draft]")) (form.dataset.draftUrl ? keep : keepInTab)(form);
})();
