// Colours: light, dark, or those of the system; the design tokens of the component library are put together from the
// same variables that our own styles use (see tokens.css).
import { theme, type ThemeConfig } from "antd";
import { create } from "zustand";

export type Choice = "light" | "dark" | "system";
const KEPT = "tianting.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const isDark = (choice: Choice): boolean => choice === "dark" || (choice === "system" && system.matches);
const known = (): Choice => {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "system";
};

interface Look {
  choice: Choice;
  dark: boolean;
  choose(next: Choice): void;
}

export const useLook = create<Look>((set) => ({
  choice: known(),
  dark: isDark(known()),
  choose: (choice) => {
    localStorage.setItem(KEPT, choice);
    show(isDark(choice));
    set({ choice, dark: isDark(choice) });
  },
}));

function show(dark: boolean): void {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

system.addEventListener("change", () => {
  const { choice, choose } = useLook.getState();
  if (choice === "system") choose("system");
});

/** The value of a variable of tokens.css, for what draws on a canvas. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function antTheme(dark: boolean): ThemeConfig {
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      fontFamily: "var(--font)",
      fontFamilyCode: "var(--mono)",
      fontSize: 13,
      controlHeight: 28,
      controlHeightSM: 22,
      borderRadius: 6,
      colorPrimary: dark ? "#316dca" : "#0a5cb8",
      colorLink: dark ? "#58a6ff" : "#0a5cb8",
      colorError: dark ? "#ff7096" : "#b3154a",
      colorText: dark ? "#e6e9ef" : "#1a1f2b",
      colorTextSecondary: dark ? "#a3adbd" : "#515b6b",
      colorTextTertiary: dark ? "#a3adbd" : "#515b6b",
      colorTextPlaceholder: dark ? "#949fb0" : "#5f6878",
      colorBgBase: dark ? "#0d1117" : "#ffffff",
      colorBgContainer: dark ? "#151b23" : "#ffffff",
      colorBgElevated: dark ? "#1c2430" : "#ffffff",
      colorBorder: dark ? "#364152" : "#cdd4de",
      colorBorderSecondary: dark ? "#262f3b" : "#e2e6ec",
      motion: !still(),
    },
    components: { Button: { dangerColor: dark ? "#22060f" : "#ffffff" } },
  };
}
