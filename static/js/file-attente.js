// Shortcuts of « À traiter », for who decides all day. Every act is also a link or a button of the page; while somebody
// types, or with Ctrl, Alt or Meta, keys do what they always do. They can be put off, and stay off in this browser.
(function () {
  "use strict";

  const OFF = "file-attente-sans-raccourcis";
  const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

  function isOff() {
    try {
      return window.localStorage.getItem(OFF) === "1";
    } catch {
      return false; // a browser that keeps nothing: the shortcuts are on at each page
    }
  }

  function setOff(off) {
    try {
      window.localStorage.setItem(OFF, off ? "1" : "0");
    } catch {
      return;
    }
  }

  // The link of the queue so many lines further than the case that is shown.
  function neighbour(step) {
    const links = [...document.querySelectorAll(".queue td:first-child a")];
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    return links[at + step];
  }

  const ACTS = {
    j: () => neighbour(1)?.click(),
    k: () => neighbour(-1)?.click(),
    a: () => document.querySelector("[data-key=a]")?.click(),
    r: () => document.querySelector("[data-key=r]")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    const act = ACTS[event.key];
    const isBusy = event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented;
    if (!act || isBusy || isOff() || event.target.matches(TYPING)) return;
    event.preventDefault();
    act();
  });

  const told = document.querySelector(".keys");
  if (told) {
    const button = document.createElement("button");
    const say = () => (button.textContent = isOff() ? "Activer les raccourcis" : "Désactiver les raccourcis");
    button.type = "button";
    button.className = "plain";
    button.addEventListener("click", () => {
      setOff(!isOff());
      say();
    });
    say();
    told.append(" ", button);
  }
})();
