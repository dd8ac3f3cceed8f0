// This file finds the colors of gutter marks. Marks are pictures, which VS Code does not
// give the colors of the theme; so the user's choice is read from the settings, and else
// the defaults of package.json hold.

import * as vscode from 'vscode';
import type { Look } from './looks';

/** The color that each look's marks have. */
export const markColors: Record<Look, string> = {
  covered: 'fuzzls.coveredMark',
  partly: 'fuzzls.partlyMark',
  uncovered: 'fuzzls.uncoveredMark',
  stale: 'fuzzls.staleMark',
  fresh0: 'fuzzls.freshMark',
  fresh1: 'fuzzls.freshMark',
  fresh2: 'fuzzls.freshMark',
  entry: 'fuzzls.entryMark',
  crash: 'fuzzls.crashMark',
};

interface ColorContribution {
  id: string;
  defaults: { dark: string; light: string; highContrast: string; highContrastLight: string };
}

const kinds = {
  [vscode.ColorThemeKind.Dark]: 'dark',
  [vscode.ColorThemeKind.Light]: 'light',
  [vscode.ColorThemeKind.HighContrast]: 'highContrast',
  [vscode.ColorThemeKind.HighContrastLight]: 'highContrastLight',
} as const;

/** Returns the function that finds a look's color under the present theme and settings. */
export function markColor(extension: vscode.Extension<unknown>): (look: Look) => string {
  const manifest = extension.packageJSON as { contributes: { colors: ColorContribution[] } };
  const defaults = new Map(manifest.contributes.colors.map((c) => [c.id, c.defaults[kinds[vscode.window.activeColorTheme.kind]]]));
  const chosen = customizations();
  return (look) => chosen.get(markColors[look]) ?? defaults.get(markColors[look]) ?? '#888888';
}

/** The colors of the setting workbench.colorCustomizations that hold under the present theme. */
function customizations(): Map<string, string> {
  const workbench = vscode.workspace.getConfiguration('workbench');
  const all = workbench.get<Record<string, unknown>>('colorCustomizations', {});
  const theme = workbench.get<string>('colorTheme', '');
  const chosen = new Map<string, string>();
  const take = (colors: unknown): void => {
    if (typeof colors !== 'object' || colors === null) return;
    for (const [id, color] of Object.entries(colors)) if (typeof color === 'string') chosen.set(id, color);
  };
  take(all);
  for (const [key, colors] of Object.entries(all)) if (key.startsWith('[') && key.includes(`[${theme}]`)) take(colors);
  return chosen;
}
