import type { Theme } from './channels.ts'

/**
 * The token colours as values, for canvases and exported files, which know no CSS variables; a test holds them equal
 * to style/tokens.css. Exported pictures are always light: they go into papers.
 */
export type Palette = {
  theme: Theme
  paper: string
  ground: string
  ink: string
  quiet: string
  rule: string
  band: string
  /** Ends and middle of the diverging scale of heat maps and of signed weights: orange is against, blue is for. */
  bad: string
  good: string
  neutral: string
}

export const PALETTES: Record<Theme, Palette> = {
  light: {
    theme: 'light',
    paper: '#ffffff',
    ground: '#f6f6f3',
    ink: '#1b1f23',
    quiet: '#555c64',
    rule: '#dfe0db',
    band: '#efefeb',
    bad: '#c2571a',
    good: '#1f6f9f',
    neutral: '#f3f3ef',
  },
  dark: {
    theme: 'dark',
    paper: '#1c2024',
    ground: '#15181b',
    ink: '#e9eae6',
    quiet: '#aab1b7',
    rule: '#30363b',
    band: '#262c31',
    bad: '#f0955a',
    good: '#6db9e6',
    neutral: '#2a3036',
  },
}

/** The tokens that the palette repeats. */
export const TOKEN_OF = { paper: 'surface', ground: 'ground', ink: 'ink', quiet: 'ink-2', rule: 'line' } as const
