// What the pages gain when scripts run. Nothing here is needed to use the portal, everything survives a swap by htmx:
// listeners sit on the document, and `enhance` is called again on each piece of page that arrives.
(function () {
  "use strict";

  const RELOAD = "Rechargez la page pour voir ce qui est enregistré.";
  const FAILURES = {
    network: "La connexion est coupée : votre dernier geste n’a peut-être pas été enregistré. Vérifiez le réseau, puis recommencez.",
    timeout: "Le service met trop de temps à répondre. " + RELOAD,
    400: "La page est restée ouverte trop longtemps. Rechargez-la, puis recommencez.",
    401: "Vous n’êtes plus connecté. Rechargez la page pour vous reconnecter.",
    403: "Cette action n’est pas permise avec votre compte. " + RELOAD,
    404: "Cet élément n’existe plus. " + RELOAD,
    429: "Trop d’essais en peu de temps. Patientez une minute, puis recommencez.",
    other: "Le service a rencontré une panne : votre dernier geste n’a peut-être pas été enregistré. Recommencez dans un instant.",
  };

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // --- Failures of htmx: a French sentence in #alertes, and a way out --------------------------------------------

  function showFailure(sentence) {
    const zone = document.getElementById("alertes");
    if (!zone) return;
    const reload = element("a", { href: window.location.href }, "Recharger la page");
    zone.replaceChildren(element("div", { class: "alert stop" }, element("div", {}, element("p", {}, sentence), reload)));
  }

  document.addEventListener("htmx:sendError", () => showFailure(FAILURES.network));
  document.addEventListener("htmx:timeout", () => showFailure(FAILURES.timeout));
  document.addEventListener("htmx:responseError", (event) =>
    showFailure(FAILURES[event.detail.xhr.status] || FAILURES.other)
  );
  // A refusal by the server that names #alertes brings its own sentence: it is shown whatever its status.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Retarget") !== "#alertes") return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  // Any answer makes the last failure out of date; the listeners above then tell the new one.
  document.addEventListener("htmx:beforeOnLoad", () => {
    const zone = document.getElementById("alertes");
    if (zone) zone.replaceChildren();
  });

  // --- Forms marked data-warn-unsaved: leaving a changed one asks first (S33) -------------------------------------

  const changed = new Set();
  const watched = (target) => target instanceof Element && target.closest("form[data-warn-unsaved]");

  function askBeforeLeaving(event) {
    if (![...changed].some((form) => document.contains(form))) return;
    event.preventDefault();
    event.returnValue = "";
  }

  function setChanged(form, isChanged) {
    if (!form) return;
    if (isChanged) changed.add(form);
    else changed.delete(form);
    // Kept only while needed: such a listener stops browsers from keeping the page for the back button.
    if (changed.size) window.addEventListener("beforeunload", askBeforeLeaving);
    else window.removeEventListener("beforeunload", askBeforeLeaving);
  }

  document.addEventListener("input", (event) => setChanged(watched(event.target), true));
  document.addEventListener("reset", (event) => setChanged(watched(event.target), false));
  document.addEventListener("submit", (event) => setChanged(watched(event.target), false));
  for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failure, (event) => setChanged(watched(event.target), true));
  }

  // --- Passwords can be shown while typing (S21) ------------------------------------------------------------------

  function addReveal(box) {
    const input = box.querySelector("input");
    const button = element("button", { type: "button", class: "button quiet", "aria-controls": input.id });
    const setShown = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? "Masquer" : "Afficher";
      button.setAttribute("aria-label", (shown ? "Masquer" : "Afficher") + " le mot de passe");
    };
    setShown(false);
    button.addEventListener("click", () => setShown(input.type === "password"));
    // Sent as a password, whatever is shown, so that the browser neither suggests nor keeps it as plain text.
    if (input.form) input.form.addEventListener("submit", () => setShown(false));
    box.append(button);
  }

  // --- Long links can be copied -----------------------------------------------------------------------------------

  function addCopy(source) {
    if (!navigator.clipboard) return;
    const button = element("button", { type: "button", class: "button quiet" }, "Copier le lien");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        button.textContent = "Lien copié";
      } catch {
        button.textContent = "Copie refusée par le navigateur";
      }
      document.getElementById("annonces").textContent = button.textContent;
    });
    source.after(button);
  }

  // --- Menus made of <details> close like menus -------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // --- What opened beside a page closes by its own link marked data-close, or Escape ------------------------------

  document.addEventListener("keydown", (event) => {
    const close = event.key === "Escape" && !event.defaultPrevented && document.querySelector("[data-close]");
    if (close) close.click();
  });
  // The value of data-close is the address of the link that opened: the keyboard goes on from there.
  document.addEventListener("htmx:afterSettle", (event) => {
    const opener = event.detail.requestConfig?.elt.dataset.close; // going back in history has no request
    const link = opener && document.querySelector(`a[href="${opener}"]`);
    if (link) link.focus();
  });

  // --- A box data-all stands for every box data-of of the same value ----------------------------------------------

  function gather(head, form) {
    const parts = [...form.querySelectorAll(`[data-of="${head.dataset.all}"]`)];
    head.checked = parts.length > 0 && parts.every((part) => part.checked);
  }

  document.addEventListener("change", (event) => {
    const { dataset, form, checked } = event.target;
    if (dataset.all) {
      for (const part of form.querySelectorAll(`[data-of="${dataset.all}"]`)) part.checked = checked;
    } else if (dataset.of) {
      for (const head of form.querySelectorAll(`[data-all="${dataset.of}"]`)) gather(head, form);
    }
  });

  // --- Each piece of page, on arrival -----------------------------------------------------------------------------

  function once(root, selector, improve) {
    const found = [...root.querySelectorAll(selector)];
    if (root instanceof Element && root.matches(selector)) found.unshift(root);
    for (const one of found) {
      if (one.dataset.enhanced) continue;
      one.dataset.enhanced = "yes";
      improve(one);
    }
  }

  function enhance(root) {
    once(root, "[data-reveal]", addReveal);
    once(root, "[data-copy]", addCopy);
    once(root, "[data-all]", (head) => head.checked || gather(head, head.form));
    // What just opened takes the focus; the attribute autofocus is only obeyed once a page, not after a swap.
    once(root, "[data-focus]", (opened) => opened.focus());
  }

  // Screen readers say a change in a region that was there before, not a region that arrives with its text.
  function announce(piece) {
    const news = [...piece.querySelectorAll("[data-announce]")].map((one) => one.textContent.trim());
    if (news.length) document.getElementById("annonces").textContent = news.join(", ");
  }

  document.addEventListener("htmx:load", (event) => {
    enhance(event.detail.elt);
    if (event.detail.elt !== document.body) announce(event.detail.elt);
  });
  // The link that was pressed may be gone (no month further on): the keyboard goes on from the title of what came.
  document.addEventListener("htmx:afterSettle", (event) => {
    const title = event.detail.elt.querySelector("h2[tabindex]");
    if (title && document.activeElement === document.body) title.focus({ preventScroll: true });
  });
  enhance(document);
})();
