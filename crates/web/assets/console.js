// Small comforts. Every page works without them.

// A clause opens beside the page instead of leaving it.
document.addEventListener("click", async (event) => {
  const chip = event.target.closest("a.chip");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  try {
    const answer = await fetch(chip.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const sheet = page.getElementById("sheet");
    if (!sheet) throw new Error("no sheet");
    const dialog = document.createElement("dialog");
    dialog.className = "sheet";
    dialog.setAttribute("aria-label", chip.textContent.trim());
    dialog.append(document.importNode(sheet, true));
    dialog.addEventListener("close", () => { dialog.remove(); chip.focus(); });
    dialog.addEventListener("click", (click) => { if (click.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
  } catch {
    window.location.assign(chip.href);
  }
});

// The first error gets the focus.
document.querySelector(".error-summary, .refusal")?.scrollIntoView({ block: "nearest" });

// Ctrl+Enter presses the main button of the editor; a form is sent once.
document.addEventListener("keydown", (event) => {
  if (event.target.id === "sql" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.target.form.querySelector("button.primary").click();
  }
});
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  if (event.target.method === "post") event.target.dataset.sent = "yes";
});

// A question that takes longer than a moment shows its clock and can be cancelled. How far it has come is not known:
// that would say something about the rows.
const running = document.getElementById("running");
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !running || !form.elements.sql || !["run", "try"].includes(event.submitter?.value)) return;
  const began = performance.now();
  const clock = running.querySelector(".running-clock");
  const tick = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    running.querySelector("progress").value = seconds;
    clock.textContent = clock.dataset.text.replace("#n", seconds).replace("#most", running.dataset.most);
    running.hidden = seconds < 1;
  };
  const timer = window.setInterval(tick, 250);
  window.addEventListener("pagehide", () => { window.clearInterval(timer); running.hidden = true; }, { once: true });
  const cancel = running.querySelector("button");
  cancel.addEventListener("click", async () => {
    const fields = { csrf: form.elements.csrf.value, key: form.elements.key.value, sql: form.elements.sql.value };
    cancel.disabled = true;
    running.querySelector("p").textContent = running.dataset.cancelling;
    try {
      await fetch(running.dataset.cancel, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
    } catch {
      cancel.disabled = false;
    }
  });
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});

// Sheets have a button besides the browser's own command.
document.querySelectorAll("button[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
