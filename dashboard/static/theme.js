// Before the first paint: the colours that this person chose, or those of the system.
{
  let choice = "system";
  try {
    choice = localStorage.getItem("tianting.theme") || "system";
  } catch {
    // storage may be forbidden; the system's colours do
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}
