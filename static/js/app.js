// What pages share: the question before a step, warnings for unsaved text, searchable selects, appearance, htmx.
(() => {
  "use strict";

  const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.split("=")[1] ?? "";
  const csrf = () => cookie("csrftoken");

  // ---- htmx: the token with every request that changes something; polling is no activity of the reader ----
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = csrf();
    if (event.target.closest("[data-background]")) event.detail.headers["X-Background"] = "1";
  });

  // ---- data-confirm: ask before sending, with a reason where data-confirm-reason names one ----
  const dialog = document.getElementById("ask");
  const reasonBox = dialog.querySelector(".ask-reason");
  const reason = reasonBox.querySelector("textarea");
  const agreed = new WeakSet();
  let settle = () => {};

  // A reason stays in this tab until something was done: the session may end while it is written.
  const REASONS = `reasons:${document.body.dataset.user}`;
  let asked = "";
  const reasons = () => {
    try {
      return JSON.parse(sessionStorage.getItem(REASONS)) ?? {};
    } catch {
      return {};
    }
  };
  const keepReason = () => {
    try {
      sessionStorage.setItem(REASONS, JSON.stringify({ ...reasons(), [asked]: reason.value }));
    } catch {
      /* nothing is kept */
    }
  };
  const dropReasons = () => {
    try {
      sessionStorage.removeItem(REASONS);
    } catch {
      /* nothing was kept */
    }
  };
  reason.addEventListener("input", keepReason);
  if (document.querySelector("#messages .note-success")) dropReasons();
  document.addEventListener("submit", (event) => event.target.matches("form[data-logout]") && dropReasons());

  // Settled by the press itself, not by the closing that follows it: the second click of a double one falls on what lies
  // under the dialog, and must not change what was agreed to.
  const ask = (source, label) =>
    new Promise((answer) => {
      const wanted = source.dataset.confirmReason;
      dialog.querySelector(".ask-text").textContent = source.dataset.confirm;
      dialog.querySelector("[data-ask-yes]").textContent = label;
      reasonBox.hidden = !wanted;
      reason.required = Boolean(wanted);
      asked = `${source.action || source.formAction} ${source.dataset.confirm}`;
      reason.value = reasons()[asked] ?? "";
      reason.classList.remove("is-invalid");
      reasonBox.querySelector("label").textContent = wanted ?? "";
      settle = answer;
      dialog.showModal();
    });

  dialog.querySelector("form").addEventListener("submit", (event) => {
    const missing = event.submitter?.value === "yes" && reason.required && !reason.value.trim();
    reason.classList.toggle("is-invalid", Boolean(missing));
    if (missing) {
      event.preventDefault();
      reason.focus();
    } else {
      settle(event.submitter?.value === "yes");
    }
  });
  dialog.addEventListener("close", () => settle(false));
  reason.addEventListener("invalid", () => reason.classList.add("is-invalid"));

  const putReason = (form) => {
    let field = form.querySelector("[name=reason]");
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = "reason";
      form.append(field);
    }
    field.value = reason.value;
  };

  // Captured, so that nothing (htmx neither) sends before the answer.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const source = event.submitter?.dataset.confirm ? event.submitter : form.dataset.confirm ? form : null;
      if (!source || agreed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = event.submitter;
      ask(source, (button?.textContent ?? "").trim() || dialog.querySelector("[data-ask-yes]").textContent).then((yes) => {
        if (!yes) return;
        if (source.dataset.confirmReason) putReason(form);
        agreed.add(form);
        form.requestSubmit(button);
      });
    },
    true,
  );

  // ---- a second press while the first is on its way does nothing ----
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => {
      delete form.dataset.sent;
      event.submitter?.removeAttribute("aria-busy");
    }, 4000);
  });

  // ---- unsaved text ----
  let unsaved = document.querySelector("form[data-unsaved] [data-early]") !== null;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-unsaved]")) unsaved = true;
  });
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) unsaved = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });

  // ---- files that are too large: told when they are chosen, instead of after minutes of sending ----
  document.addEventListener("change", ({ target }) => {
    if (!target.dataset.largest) return;
    const fits = [...target.files].every((file) => file.size <= Number(target.dataset.largest));
    target.setCustomValidity(fits ? "" : target.dataset.tooLarge);
    target.reportValidity();
  });
  document.addEventListener(
    "submit",
    (event) => {
      const wrong = [...event.target.querySelectorAll("[data-largest]")].find((input) => input.validity.customError);
      if (!wrong) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      wrong.reportValidity();
    },
    true,
  );

  // ---- selects ----
  const remote = (select) => async (query, found) => {
    const body = new FormData();
    body.set("q", query);
    const answer = await fetch(select.dataset.searchUrl, {
      method: "POST",
      headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" },
      body,
    });
    found(answer.ok ? (await answer.json()).results : []);
  };
  const FEW = 8;
  const dress = (root) => {
    for (const select of root.querySelectorAll("select[data-search-url], select[data-select]")) {
      if (select.tomselect || (!select.dataset.searchUrl && !select.multiple && select.options.length <= FEW)) continue;
      const options = { plugins: select.multiple ? ["remove_button"] : [], maxOptions: null, allowEmptyOption: true };
      if (select.dataset.searchUrl) {
        Object.assign(options, {
          valueField: "value",
          labelField: "text",
          searchField: [], // the server has searched: by name, pinyin or number
          load: remote(select),
          allowEmptyOption: false,
          shouldLoad: (query) => query.length > 0,
        });
      }
      new window.TomSelect(select, options);
      select.ariaHidden = "true"; // the control that took its place has the label
    }
  };

  // ---- appearance: auto → light → dark, kept in a cookie that the server reads ----
  const LOOKS = { auto: "brightness", light: "sun", dark: "moon" };
  const looks = [...document.querySelectorAll("[data-appearance-switch]")];
  const showLook = (look) => {
    for (const button of looks) {
      const label = button.dataset[`label${look[0].toUpperCase()}${look.slice(1)}`];
      const name = button.querySelector("[data-appearance-name]");
      button.querySelector(".ti").className = `ti ti-${LOOKS[look]}`;
      button.setAttribute("aria-label", label);
      if (name) name.textContent = label;
      else button.title = label;
    }
  };
  showLook(document.documentElement.dataset.appearance);
  for (const button of looks) {
    button.addEventListener("click", (event) => {
      const names = Object.keys(LOOKS);
      const next = names[(names.indexOf(document.documentElement.dataset.appearance) + 1) % names.length];
      document.documentElement.dataset.appearance = next;
      document.cookie = `appearance=${next}; path=/; max-age=31536000; samesite=lax`;
      showLook(next);
      event.stopPropagation(); // the menu stays open
    });
  }

  // ---- the key / leads to the search of a list ----
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, dialog, .ts-wrapper");
    const box = document.querySelector("main input[type=search]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writing || !box?.offsetParent) return;
    event.preventDefault();
    box.select();
  });

  // ---- a page that is made to be printed ----
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // ---- what scrolls sideways can be reached by keyboard ----
  const reach = () => {
    for (const box of document.querySelectorAll(".table-responsive, .sheet")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  window.addEventListener("resize", reach);

  // ---- what is wrong comes first ----
  const ready = () => {
    dress(document);
    reach();
    document.querySelector(".side-link[aria-current]")?.scrollIntoView({ block: "nearest" });
    const strip = document.querySelector(".tabs .nav-tabs");
    const tab = strip?.querySelector("[aria-current]");
    if (tab) strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2; // on a phone it is out of sight
    document.querySelector("[data-focus]")?.focus();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
  document.addEventListener("htmx:afterSettle", (event) => {
    dress(event.target);
    reach();
  });
})();
