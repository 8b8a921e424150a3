// The form that sends a document: its progress, what is too big or too old, what was typed when one goes back.
// The form works without any of this.
(function () {
  "use strict";

  const MEGABYTE = 1024 * 1024;
  const kept = () => "saisie:" + window.location.pathname;
  const formOf = (target) => target instanceof Element && target.closest("form[data-upload]");

  // --- Progress --------------------------------------------------------------------------------------------------

  function showProgress(form, percent) {
    const zone = form.querySelector("[data-progress]");
    const words = zone.querySelector("[data-progress-words]");
    zone.hidden = false;
    zone.querySelector("progress").value = percent;
    words.textContent = percent < 100 ? "Envoi en cours : " + percent + " %" : "Fichiers envoyés, vérification en cours…";
  }

  // A slow telephone may take minutes: the progress tells that it goes on.
  document.addEventListener("htmx:configRequest", (event) => {
    if (formOf(event.target)) event.detail.timeout = 0;
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const form = formOf(event.target);
    if (!form || !event.detail.lengthComputable || !event.detail.total) return;
    showProgress(form, Math.floor((100 * event.detail.loaded) / event.detail.total));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    form.querySelector("button.button").disabled = true;
    document.getElementById("annonces").textContent = "Envoi en cours";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    form.querySelector("button.button").disabled = false;
    form.querySelector("[data-progress]").hidden = true;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (formOf(event.target) && event.detail.xhr.status < 300) sessionStorage.removeItem(kept());
  });

  // --- Told before sending -----------------------------------------------------------------------------------------

  function checkSize(input) {
    const most = Number(input.dataset.most);
    const heavy = [...input.files].find((file) => file.size > most * MEGABYTE);
    const sentence = heavy ? "« " + heavy.name + " » dépasse " + most + " Mo : prenez le document en photo, ou choisissez un autre fichier." : "";
    let told = input.parentElement.querySelector("[data-too-big]");
    if (!told) {
      told = document.createElement("p");
      told.className = "error";
      told.setAttribute("role", "alert");
      told.dataset.tooBig = "";
      input.after(told);
    }
    told.textContent = sentence;
    if (heavy) input.value = "";
  }

  function checkAge(input) {
    const warning = input.form.querySelector("[data-too-old]");
    if (warning) warning.hidden = !(input.value && input.value < input.dataset.oldest);
  }

  // --- What was typed is found again after « ← » (S76); files cannot be, and nothing is kept once sent ---------------

  function keep(form) {
    const typed = [...form.elements]
      .filter((one) => one.name && one.type !== "hidden" && one.type !== "file")
      .map((one) => [one.name, one.value, one.checked]);
    sessionStorage.setItem(kept(), JSON.stringify(typed));
  }

  function findAgain(form) {
    const typed = JSON.parse(sessionStorage.getItem(kept()) || "[]");
    for (const [name, value, checked] of typed) {
      for (const one of form.querySelectorAll('[name="' + name + '"]')) {
        if (one.type === "checkbox" || one.type === "radio") {
          if (one.value === value) one.checked = checked;
        } else if (!one.value) one.value = value;
      }
    }
    const issued = form.querySelector("[data-oldest]");
    if (issued) checkAge(issued);
  }

  document.addEventListener("change", (event) => {
    const form = formOf(event.target);
    if (!form) return;
    if (event.target.type === "file") checkSize(event.target);
    if (event.target.dataset.oldest) checkAge(event.target);
    keep(form);
  });
  document.addEventListener("input", (event) => formOf(event.target) && keep(formOf(event.target)));
  document.addEventListener("submit", (event) => {
    const form = formOf(event.target);
    if (form && !(window.htmx && form.hasAttribute("hx-post"))) sessionStorage.removeItem(kept());
  });

  const form = document.querySelector("form[data-upload]");
  if (form) findAgain(form);
})();
