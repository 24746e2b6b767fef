import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The cars sample as a person would have it: a CSV file with gaps. */
export function carsCsv(): string {
  const root = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..')
  const cars = JSON.parse(readFileSync(join(root, 'data/cars.json'), 'utf8')) as Record<
    string,
    string | number | null
  >[]
  const columns = Object.keys(cars[0])
  const cell = (value: string | number | null) => (value === null ? '' : String(value).replaceAll(',', ' '))
  return [columns.join(','), ...cars.map((car) => columns.map((name) => cell(car[name])).join(','))].join('\n')
}
