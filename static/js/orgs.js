// Forms of organizations: the suggested end of a term, and finding somebody in a long list of boxes.
(() => {
  "use strict";

  // ---- the end of a term follows the election and the type, until somebody types another ----
  const elected = document.querySelector("[data-term-years]");
  if (elected) {
    const form = elected.form;
    const ends = form.querySelector("[name=term_ends_on]");
    const type = form.querySelector("[name=type]");
    const years = JSON.parse(elected.dataset.termYears);
    let suggested = "";
    const suggest = () => {
      if (ends.value && ends.value !== suggested) return;
      const count = years[type.value];
      const [year, month, day] = elected.value.split("-");
      if (!count || !day) return;
      const leap = month === "02" && day === "29";
      suggested = leap ? `${Number(year) + count}-03-01` : `${Number(year) + count}-${month}-${day}`;
      ends.value = suggested;
    };
    elected.addEventListener("change", suggest);
    type.addEventListener("change", suggest);
  }

  // ---- lists of boxes: type to see only those that fit ----
  const lists = new Map();
  for (const box of document.querySelectorAll("input[type=checkbox][data-filterable]")) {
    const list = box.closest("[id^=div_id_]");
    if (list) lists.set(list, box.dataset.filterable);
  }
  for (const [list, label] of lists) {
    const boxes = [...list.querySelectorAll(".form-check")];
    if (boxes.length < 9) continue;
    const input = document.createElement("input");
    input.type = "search";
    input.className = "form-control mb-2";
    input.placeholder = label;
    input.setAttribute("aria-label", label);
    boxes[0].before(input);
    list.classList.add("box-list");
    input.addEventListener("input", (event) => {
      event.stopPropagation();
      const words = input.value.trim().toLowerCase();
      for (const box of boxes) box.hidden = Boolean(words) && !box.textContent.toLowerCase().includes(words);
    });
  }
})();
