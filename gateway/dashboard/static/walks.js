// Walks over the lists: begin one, and when they begin by themselves.
import { call, submit, words } from "./api.js";
import { refresh } from "./live.js";

const form = document.getElementById("schedule");
const field = form.elements;
const save = form.querySelector(".actions button");
const done = form.querySelector("[role=status]");
const notice = document.getElementById("notice");

/** Shows what belongs to the rhythm that is chosen. */
function adapt() {
  for (const part of form.querySelectorAll("[data-rhythm]")) {
    part.hidden = !part.dataset.rhythm.split(" ").includes(field.rhythm.value);
  }
  form.querySelector("[data-way]").hidden = field.rhythm.value === "off" || field.way.value !== "browser";
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-walk]");
  if (!button) return;
  button.disabled = true;
  notice.hidden = true;
  try {
    await call("POST", "/api/v1/walks", { kind: button.dataset.walk });
  } catch (error) {
    notice.textContent = error.message;
    notice.hidden = false;
    notice.scrollIntoView({ block: "nearest" });
  }
  button.disabled = false;
  await refresh();
});

form.addEventListener("input", adapt);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  done.textContent = "";
  submit(form, save, async () => {
    const entered = new FormData(form);
    const { rhythm, at, kind, way } = Object.fromEntries(entered);
    const days = rhythm === "weekly" ? entered.getAll("days").map(Number) : [];
    await call("PUT", "/api/v1/schedule", { rhythm, at, kind, days, way });
    done.textContent = words.saved;
    await refresh();
  }, save.textContent);
});

adapt();
save.disabled = false; // without this script the browser would send the form itself
