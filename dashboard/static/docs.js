// Renders /openapi.json as a page to read; nothing is loaded from anywhere else.
import { el } from "/static/dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return el("a", { href: `#schema-${name}` }, name);
  }
  const many = schema.anyOf || schema.oneOf;
  if (many) return el("span", {}, ...many.flatMap((one, at) => (at ? [" | ", typeOf(one)] : [typeOf(one)])));
  if (schema.type === "array") return el("span", {}, typeOf(schema.items), "[]");
  return String(schema.const ?? schema.type ?? "any");
}

// Backticks stand for code, as in the docstrings that these texts come from.
function prose(text) {
  return String(text || "").split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
}

function bounds(schema) {
  const parts = [];
  if (schema.minimum !== undefined) parts.push(`≥ ${schema.minimum}`);
  if (schema.maximum !== undefined) parts.push(`≤ ${schema.maximum}`);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(", ");
}

function parameters(list) {
  const rows = list.map((one) =>
    el("tr", {},
      el("th", { scope: "row" }, el("code", {}, one.name)),
      el("td", {}, one.in),
      el("td", {}, typeOf(one.schema), one.required ? " · required" : ""),
      el("td", {}, [one.description, bounds(one.schema || {})].filter(Boolean).join("; "))));
  return el("table", {}, el("tbody", {}, ...rows));
}

function contents(holder) {
  const entries = Object.entries(holder?.content || {});
  return entries.flatMap(([media, { schema }]) => [el("code", {}, media), " ", typeOf(schema), " "]);
}

function operation(path, method, what) {
  const answers = Object.entries(what.responses || {}).map(([status, answer]) =>
    el("li", {}, el("strong", {}, status), " ", ...prose(answer.description), " ", ...contents(answer)));
  return el("article", { class: "card operation" },
    el("h3", {}, el("span", { class: `method ${method}` }, method.toUpperCase()), " ", el("code", {}, path)),
    el("p", {}, ...prose(what.description || what.summary)),
    what.parameters?.length ? parameters(what.parameters) : null,
    what.requestBody ? el("p", {}, "Body: ", ...contents(what.requestBody)) : null,
    el("ul", { class: "answers" }, ...answers));
}

function schema(name, what) {
  const fields = Object.entries(what.properties || {}).map(([field, type]) =>
    el("tr", {},
      el("th", { scope: "row" }, el("code", {}, field)),
      el("td", {}, typeOf(type)),
      el("td", {}, [type.description, bounds(type)].filter(Boolean).join("; "))));
  return el("article", { class: "card", id: `schema-${name}` },
    el("h3", {}, name),
    el("p", {}, ...prose(what.description)),
    el("table", {}, el("tbody", {}, ...fields)));
}

const main = document.getElementById("docs");
const answer = await fetch("/openapi.json");
if (answer.status === 401) location.assign("/login");
const api = await answer.json();
document.getElementById("about").append(...prose(api.info.description));
const groups = new Map();
for (const [path, methods] of Object.entries(api.paths)) {
  for (const method of METHODS.filter((one) => methods[one])) {
    const tag = methods[method].tags?.[0] || "other";
    groups.set(tag, [...(groups.get(tag) || []), operation(path, method, methods[method])]);
  }
}
for (const [tag, operations] of groups) main.append(el("h2", {}, tag), ...operations);
main.append(el("h2", {}, "Shapes"));
for (const [name, what] of Object.entries(api.components?.schemas || {})) main.append(schema(name, what));
