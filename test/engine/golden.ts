import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Expr } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'

/** Graphs before and after, as golden text. Run with UPDATE_GOLDEN=1 to write them anew, then read the difference. */
export function golden(name: string, outputs: Record<string, Expr>): void {
  const text = `before\n${e.print(outputs)}\nafter\n${e.print(e.simplify(outputs))}`
  const file = new URL(`../golden/engine/${name}.txt`, import.meta.url)
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text)
  expect(existsSync(file), `${name}.txt is missing: UPDATE_GOLDEN=1 writes it`).toBe(true)
  expect(text).toBe(readFileSync(file, 'utf8'))
}
