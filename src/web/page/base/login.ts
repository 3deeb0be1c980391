// The login: one field for the token, and where to find it.
import { apiPost, whyFailed } from "./api.ts";
import { elementOf, listened } from "./dom.ts";

export function loginForm(onLoggedIn: () => void): HTMLElement {
  const field = elementOf("input", {
    id: "token",
    type: "password",
    name: "token",
    autocomplete: "current-password",
    required: true,
    maxlength: 200,
    autofocus: true,
  });
  const problem = elementOf("p", { class: "problem", role: "alert" });
  problem.hidden = true;
  const submit = elementOf("button", { type: "submit", class: "primary" }, "Log in");
  const form = elementOf(
    "form",
    { class: "login" },
    elementOf("h1", {}, "bs9"),
    elementOf("label", { for: "token" }, "Token"),
    field,
    submit,
    problem,
    elementOf(
      "p",
      { class: "dim" },
      elementOf("code", {}, "bs9 web --print-url"),
      " prints an address that logs you in. The token is in ",
      elementOf("code", {}, "~/.config/bs9/web.token"),
      ".",
    ),
  );
  listened(form, {
    submit: (event) => {
      event.preventDefault();
      void send();
    },
  });
  const send = async () => {
    submit.disabled = true;
    try {
      await apiPost("login", { token: field.value.trim() });
      onLoggedIn();
    } catch (error) {
      problem.textContent = whyFailed(error);
      problem.hidden = false;
      submit.disabled = false;
      field.select();
    }
  };
  return elementOf("main", { class: "login-view" }, form);
}
