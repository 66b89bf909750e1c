import type { Component } from 'svelte';
import type { IconName } from './parts/icons.js';
import Lab from './views/Lab.svelte';
import Listen from './views/Listen.svelte';
import Models from './views/Models.svelte';
import Robustness from './views/Robustness.svelte';
import Settings from './views/Settings.svelte';
import Sparsity from './views/Sparsity.svelte';
import Teach from './views/Teach.svelte';

export interface Screen {
  /** Also the address: `#listen`. */
  readonly id: string;
  readonly title: string;
  readonly icon: IconName;
  readonly view: Component;
  /** Stands apart at the foot of the rail. */
  readonly foot?: boolean;
}

/** The screens in the order of the rail and of the keys 1, 2, ...: a new screen is one entry here. */
export const SCREENS: readonly Screen[] = [
  { id: 'listen', title: 'Listen', icon: 'listen', view: Listen },
  { id: 'robustness', title: 'Robustness', icon: 'robustness', view: Robustness },
  { id: 'sparsity', title: 'Sparsity', icon: 'sparsity', view: Sparsity },
  { id: 'teach', title: 'Teach', icon: 'teach', view: Teach },
  { id: 'models', title: 'Models', icon: 'models', view: Models },
  { id: 'lab', title: 'Lab', icon: 'lab', view: Lab },
  { id: 'settings', title: 'Settings', icon: 'settings', view: Settings, foot: true },
];

export function screenOfHash(hash: string): Screen {
  const id = hash.replace(/^#\/?/, '');
  return SCREENS.find((screen) => screen.id === id) ?? SCREENS[0]!;
}
