import { expect, test } from 'vitest'
import { z } from 'zod'
import { balancers } from '../../core/balancers/balancers.ts'
import { generators } from '../../core/data/generators/index.ts'
import { methods } from '../../core/methods.ts'
import { templates } from '../../core/templates/index.ts'
import { METRIC_IDS } from '../../core/stats/metrics.ts'
import en from '../../renderer/i18n/en.ts'
import zh from '../../renderer/i18n/zh.ts'
import outside from '../../renderer/i18n/zh/outside.ts'
import { duration, fill, found, formatNumber, number, t, tOr } from '../../renderer/i18n/index.ts'
import { settings } from '../../renderer/lab/settings.svelte.ts'
import { samples } from '../../electron/lab/importers/samples.ts'

const params = (text: string) => [...text.matchAll(/\{(\w+)/g)].map((match) => match[1])

test('both languages have the same keys, and every text takes the same values', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort())
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect([...new Set(params(zh[key]))].sort(), key).toEqual([...new Set(params(en[key]))].sort())
  }
})

test('no Chinese text was left in English', () => {
  const words = (text: string) => text.replace(/\{[^}]*\}|Engram|JSON|Excel|ARFF/g, '')
  const same = (Object.keys(en) as (keyof typeof en)[]).filter(
    (key) => zh[key] === en[key] && /[a-z]{3}/i.test(words(en[key])),
  )
  expect(same).toEqual([])
})

const fieldsOf = (schema: z.ZodType) =>
  Object.keys((z.toJSONSchema(schema, { io: 'input' }) as { properties?: object }).properties ?? {})

test('every parameter has a name in both languages', () => {
  const names = [...methods, ...generators].flatMap(({ params: schema }) => fieldsOf(schema as z.ZodType))
  expect([...new Set(names)].filter((name) => !(`param.${name}` in en && `param.${name}` in zh))).toEqual([])
})

test('every method, parameter, metric, sample, template and generator has a Chinese text', () => {
  const known: Record<string, string> = { ...outside, ...zh }
  const wanted = [
    ...methods.flatMap(({ id, params: schema }) => [
      `method.${id}`,
      `method.${id}.about`,
      ...fieldsOf(schema as z.ZodType).flatMap((name) => [`param.${name}`, `param.${name}.hint`]),
    ]),
    ...templates.flatMap(({ id }) => [`template.${id}`, `template.${id}.question`]),
    ...METRIC_IDS.map((id) => `metric.${id}`),
    ...['conflict', 'cosine', 'taskWeight', 'trunk'].map((id) => `metric.${id}`),
    ...balancers.flatMap(({ id }) => [`option.${id}`, `option.${id}.about`]),
    ...samples.flatMap(({ id }) => [`sample.${id}`, `sample.${id}.question`]),
    ...generators.flatMap(({ id, params: schema }) => [
      `generator.${id}`,
      `generator.${id}.about`,
      ...fieldsOf(schema as z.ZodType).map((name) => `param.${name}`),
    ]),
  ]
  expect([...new Set(wanted)].filter((key) => known[key] === undefined)).toEqual([])
})

test('values are filled in, and one is not many', () => {
  expect(fill('{n} {n:row|rows}', { n: 1 }, 'en')).toBe('1 row')
  expect(fill('{n} {n:row|rows}', { n: 15362 }, 'en')).toBe('15,362 rows')
  expect(fill('{n} {n:row|rows} of {name}', { n: 0, name: 'a {b}' }, 'en')).toBe('0 rows of a {b}')
  expect(fill('{missing}', {}, 'en')).toBe('{missing}')
  expect(fill('{method} 不如 {against}。', { method: 'MAML', against: '岭回归' }, 'zh')).toBe('MAML 不如岭回归。')
})

test('numbers are read easily: significant digits, whole numbers whole, a true minus', () => {
  expect(number(0.123456)).toBe('0.1235')
  expect(number(1234567)).toBe('1,234,567')
  expect(number(-2.5)).toBe('\u22122.5')
  expect(number(0)).toBe('0')
  expect(number(3.2e-7)).toBe('3.20e\u22127')
  expect(number(null)).toBe('\u2013')
  expect(number(NaN)).toBe('\u2013')
  expect(formatNumber(1234.5678, 'zh')).toBe('1,235')
})

test('times are numbers', () => {
  expect(duration(0.2)).toBe('1 s')
  expect(duration(35.4)).toBe('35 s')
  expect(duration(130)).toBe('2 min 10 s')
  expect(duration(11_100)).toBe('3 h 5 min')
  expect(duration(null)).toBe('time unknown')
})

test('the language can change, and a text without a translation is read as it came', () => {
  settings.set({ language: 'zh' })
  try {
    expect(t('rail.data')).toBe('数据')
    expect(tOr('method.ridge', 'Ridge')).toBe('岭回归')
    expect(tOr('method.none-such', 'None such')).toBe('None such')
    expect(duration(61)).toBe('1 分 1 秒')
    expect(found('no column "site", "y"')).toBe('缺少列 "site", "y"')
    expect(found('data.csv, line 3, column "a"')).toBe('data.csv，第 3 行，列 "a"')
    expect(found('something else')).toBe('something else')
  } finally {
    settings.set({ language: 'en' })
  }
  expect(tOr('method.ridge', 'Ridge')).toBe('Ridge')
  expect(found('no column "y"')).toBe('no column "y"')
})
