/** Outlines on a grid of 24 x 24, drawn with a stroke. */
export const ICONS = {
  listen: 'M4 10v4M8 6v12M12 3v18M16 8v8M20 10.5v3',
  robustness: 'M3 5c6 0 8 3 10 8s4 6 8 6M3 10c3 0 4 2 5 5s2 4 4 4',
  teach: 'M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zM6 12a6 6 0 0 0 12 0M12 18v3M18 4h4M20 2v4',
  sparsity: 'M4 4h4v4H4zM16 10h4v4h-4zM10 16h4v4h-4zM11 5v.1M19 5v.1M5 12v.1M12 12v.1M5 19v.1M19 19v.1',
  models: 'M12 3l8 4.5-8 4.5-8-4.5zM4 12l8 4.5 8-4.5M4 16.5L12 21l8-4.5',
  lab: 'M9 3h6M10 3v6L4.6 18.4A1.8 1.8 0 0 0 6.2 21h11.6a1.8 1.8 0 0 0 1.6-2.6L14 9V3M7.5 15h9',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4',
  play: 'M8 5l11 7-11 7z',
  save: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  help: 'M9.2 9a2.9 2.9 0 1 1 4.3 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.6v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
} as const;

export type IconName = keyof typeof ICONS;
