// The tree of organizations: branches are fetched when they are opened; keys as in any tree of a desktop (ARIA tree).
(() => {
  "use strict";

  const item = (element) => element.closest("[role=treeitem]");
  const group = (node) => node.querySelector(":scope > [role=group]");
  const siblings = (tree) => [...tree.querySelectorAll("[role=treeitem]")].filter((node) => node.offsetParent !== null);

  const fetchInto = async (tree, url, put) => {
    try {
      const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      put(await answer.text());
      return true;
    } catch {
      const line = document.createElement("li");
      line.className = "branch-text branch-failed";
      line.setAttribute("role", "none");
      line.textContent = tree.dataset.failed;
      return line;
    }
  };

  const open = async (tree, node) => {
    if (node.getAttribute("aria-expanded") !== "false") return;
    node.setAttribute("aria-expanded", "true");
    if (group(node)) {
      group(node).hidden = false;
      return;
    }
    const list = document.createElement("ul");
    list.className = "branch";
    list.setAttribute("role", "group");
    node.append(list);
    node.setAttribute("aria-busy", "true");
    const level = Number(node.getAttribute("aria-level")) + 1;
    const done = await fetchInto(tree, `${node.dataset.children}?level=${level}`, (text) => {
      list.innerHTML = text;
    });
    node.removeAttribute("aria-busy");
    if (done !== true) {
      list.append(done);
      // Closing and opening tries once more.
      node.dataset.failed = "1";
    }
  };

  const close = (node) => {
    if (node.getAttribute("aria-expanded") !== "true") return;
    node.setAttribute("aria-expanded", "false");
    if (node.dataset.failed) {
      group(node).remove();
      delete node.dataset.failed;
    } else {
      group(node).hidden = true;
    }
  };

  const focus = (tree, node) => {
    if (!node) return;
    for (const other of tree.querySelectorAll("[role=treeitem][tabindex='0']")) other.tabIndex = -1;
    node.tabIndex = 0;
    node.focus();
  };

  const more = async (tree, button) => {
    const line = button.closest("li");
    button.disabled = true;
    const done = await fetchInto(tree, button.dataset.more, (text) => {
      const before = line.previousElementSibling;
      line.insertAdjacentHTML("beforebegin", text);
      line.remove();
      focus(tree, before?.nextElementSibling);
    });
    if (done !== true) button.disabled = false;
  };

  const onKey = (tree, event) => {
    const node = item(event.target);
    if (!node || event.target.closest("button") || event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = siblings(tree);
    const at = shown.indexOf(node);
    const expanded = node.getAttribute("aria-expanded");
    const steps = {
      ArrowDown: () => focus(tree, shown[at + 1]),
      ArrowUp: () => focus(tree, shown[at - 1]),
      Home: () => focus(tree, shown[0]),
      End: () => focus(tree, shown[shown.length - 1]),
      ArrowRight: () => (expanded === "true" ? focus(tree, group(node)?.querySelector("[role=treeitem]")) : open(tree, node)),
      ArrowLeft: () => (expanded === "true" ? close(node) : focus(tree, item(node.parentElement))),
      Enter: () => node.querySelector(".branch-name").click(),
      " ": () => (expanded === "true" ? close(node) : open(tree, node)),
    };
    if (steps[event.key]) {
      event.preventDefault();
      event.stopPropagation();
      steps[event.key]();
    } else if (event.key.length === 1) {
      const later = [...shown.slice(at + 1), ...shown.slice(0, at)];
      focus(tree, later.find((other) => other.getAttribute("aria-label").toLowerCase().startsWith(event.key.toLowerCase())));
    }
  };

  for (const tree of document.querySelectorAll("[data-tree]")) {
    const first = tree.querySelector("[role=treeitem]");
    if (first) first.tabIndex = 0;
    tree.addEventListener("keydown", (event) => onKey(tree, event));
    tree.addEventListener("click", (event) => {
      const button = event.target.closest("[data-more]");
      if (button) {
        more(tree, button);
      } else if (event.target.closest(".branch-switch")) {
        const node = item(event.target);
        if (node.getAttribute("aria-expanded") === "true") close(node);
        else open(tree, node);
        focus(tree, node);
      }
    });
  }
})();
