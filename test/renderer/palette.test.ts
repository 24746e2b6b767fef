import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SHAPE_PATHS, TASK_COLOURS, TASK_SHAPES, taskMark } from '../../renderer/style/palette.ts'

const tokens = readFileSync(new URL('../../renderer/style/tokens.css', import.meta.url), 'utf8')
const [light, dark] = tokens.split(":root[data-theme='dark']")

const linear = (hex: string) =>
  [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
const luminance = (hex: string) => {
  const [r, g, b] = linear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: string, b: string) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}
/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const VISIONS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
}
function oklab([r, g, b]: number[]) {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}
function seen(hex: string, matrix: number[]) {
  const rgb = linear(hex)
  const mixed = [0, 1, 2].map((i) =>
    Math.min(
      1,
      Math.max(
        0,
        rgb.reduce((sum, c, k) => sum + matrix[3 * i + k] * c, 0),
      ),
    ),
  )
  return oklab(mixed)
}
const token = (css: string, name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(css)![1]

test.each(['light', 'dark'] as const)('the colours of tasks are the tokens of the %s theme', (theme) => {
  const css = theme === 'light' ? light : dark
  TASK_COLOURS[theme].forEach((colour, i) => expect(token(css, `task-${i}`)).toBe(colour))
})

test.each(['light', 'dark'] as const)('every task colour stands out from the %s ground by 3:1', (theme) => {
  const ground = token(theme === 'light' ? light : dark, 'ground')
  for (const colour of TASK_COLOURS[theme]) expect(contrast(colour, ground)).toBeGreaterThanOrEqual(3)
})

test.each(['light', 'dark'] as const)('no two task colours of the %s theme look alike to anyone', (theme) => {
  const colours = TASK_COLOURS[theme]
  for (const [name, matrix] of Object.entries(VISIONS)) {
    const labs = colours.map((colour) => seen(colour, matrix))
    let nearest = Infinity
    for (let i = 0; i < labs.length; i++)
      for (let j = 0; j < i; j++)
        nearest = Math.min(nearest, Math.hypot(...labs[i].map((value, k) => value - labs[j][k])))
    // About three times the smallest difference that is just seen (0.02 in Oklab).
    expect(nearest, name).toBeGreaterThan(0.06)
  }
})

test.each([
  ['light', light],
  ['dark', dark],
])('texts of the %s theme are readable: 4.5:1 on every ground they stand on', (_theme, css) => {
  const pairs = [
    ['ink', ['ground', 'surface', 'sunken', 'accent-soft', 'bad-soft', 'warn-soft', 'good-soft']],
    ['ink-2', ['ground', 'surface', 'sunken', 'accent-soft', 'bad-soft']],
    ['ink-3', ['ground', 'surface', 'sunken']],
    ['accent', ['ground', 'surface', 'accent-soft']],
    ['bad', ['ground', 'surface', 'bad-soft']],
    ['warn', ['ground', 'surface', 'warn-soft']],
    ['good', ['ground', 'surface']],
    ['accent-ink', ['accent', 'accent-hover']],
  ] as const
  for (const [text, grounds] of pairs)
    for (const ground of grounds)
      expect(contrast(token(css, text), token(css, ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
})

test('colour and shape together name 144 tasks', () => {
  const marks = new Set(Array.from({ length: 144 }, (_, i) => `${taskMark(i).colour} ${taskMark(i).shape}`))
  expect(marks.size).toBe(144)
  expect(new Set(TASK_SHAPES.map((shape) => SHAPE_PATHS[shape])).size).toBe(12)
  expect(taskMark(139)).toEqual({ colour: 7, css: 'var(--task-7)', shape: TASK_SHAPES[(7 + 11) % 12] })
})
