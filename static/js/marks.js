// The sum of the full marks of a score sheet, while they are typed; the server checks it again.
(() => {
  "use strict";

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-marks]")) return;
    const box = document.querySelector("[data-marks-sum]");
    let sum = 0;
    for (const field of document.querySelectorAll("[data-marks]")) sum += Math.round(Number(field.value) * 100);
    if (!box || Number.isNaN(sum)) return;
    const right = sum === Number(box.dataset.marksSum);
    box.querySelector("[data-marks-now]").textContent = (sum / 100).toFixed(2);
    for (const part of box.querySelectorAll("[data-marks-right]")) part.hidden = (part.dataset.marksRight === "yes") !== right;
  });
})();
