import { expect, test } from 'vitest'
import { z } from 'zod'
import { Evaluation } from '../../core/experiment.ts'
import { methods } from '../../core/methods.ts'
import { fieldsOf, isRead, parse, shown, spaced } from '../../renderer/form/fields.ts'
import type { FormField, JsonSchema } from '../../renderer/form/fields.ts'

const schemaOf = (type: z.ZodType) => z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as JsonSchema
const field = (type: z.ZodType): FormField => fieldsOf(schemaOf(z.strictObject({ it: type })))[0]

test('every parameter of every method has a control of its own, with its default', () => {
  for (const method of methods) {
    const fields = fieldsOf(schemaOf(method.params as z.ZodType))
    const defaults = (method.params as z.ZodType).parse({}) as Record<string, unknown>
    expect(fields.map((each) => each.name).sort()).toEqual(Object.keys(defaults).sort())
    for (const each of fields) {
      expect(each.kind, `${method.id} ${each.name}`).not.toBe('json')
      expect(each.fallback).toEqual(defaults[each.name])
      expect(each.about, `${method.id} ${each.name}`).not.toBe('')
      // What is shown for the default is read back as the default.
      expect(parse(each, shown(each, undefined))).toEqual({ value: defaults[each.name] })
    }
  }
})

test('balancers stand in a choice with words, and only the parameters of the chosen one are shown', () => {
  const fields = fieldsOf(schemaOf(methods.find(({ id }) => id === 'hard-sharing')!.params as z.ZodType))
  const balancer = fields.find(({ name }) => name === 'balancer')!
  if (balancer.kind !== 'choice') throw new Error('no choice')
  expect(balancer.options.slice(0, 8)).toEqual([
    'equal', 'uncertainty', 'dwa', 'gradnorm', 'pcgrad', 'cagrad', 'nash-mtl', 'famo',
  ]) // prettier-ignore
  expect(balancer.more).toEqual(balancer.options.slice(8))
  for (const option of balancer.options) expect(balancer.abouts?.[String(option)]).toMatch(/\.$/)
  const read = (values: Record<string, unknown>) =>
    fields.filter((each) => each.when && isRead(each, fields, values)).map(({ name }) => name)
  expect(read({})).toEqual([])
  expect(read({ balancer: 'cagrad' })).toEqual(['conflictAversion'])
  expect(read({ balancer: 'famo' }).sort()).toEqual(['weightPull', 'weightRate'])
  expect(fields.filter((each) => !each.when).every((each) => isRead(each, fields, {}))).toBe(true)
})

test('the evaluation has controls for its numbers, in the order asked for', () => {
  const fields = fieldsOf(schemaOf(Evaluation), ['repeats', 'folds', 'none-such'])
  expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
    ['repeats', 'number'],
    ['folds', 'number'],
  ])
})

test('a number keeps its bounds, open and closed', () => {
  const rate = field(z.number().gt(0).max(1).default(0.01))
  expect(parse(rate, '0.5')).toEqual({ value: 0.5 })
  expect(parse(rate, '1')).toEqual({ value: 1 })
  expect(parse(rate, '0')).toEqual({ error: 'form.above', params: { n: '0' } })
  expect(parse(rate, '1.01')).toEqual({ error: 'form.most', params: { n: '1' } })
  expect(parse(rate, '1e-3')).toEqual({ value: 0.001 })
  expect(parse(rate, '0,25')).toEqual({ value: 0.25 })
  expect(parse(rate, 'fast')).toEqual({ error: 'form.number', params: {} })
  expect(parse(rate, ' ')).toEqual({ value: undefined })
})

test('a whole number is whole', () => {
  const folds = field(z.int().min(2).max(1000).default(5))
  expect(parse(folds, '10')).toEqual({ value: 10 })
  expect(parse(folds, '2.5')).toEqual({ error: 'form.integer', params: {} })
  expect(parse(folds, '1')).toEqual({ error: 'form.least', params: { n: '2' } })
  expect(parse(field(z.int().default(1)), '-3')).toEqual({ value: -3 })
})

test('a list is typed with commas, blanks or Chinese commas', () => {
  const hidden = field(z.array(z.int().min(1).max(1024)).min(1).max(3).default([64]))
  expect(parse(hidden, '64, 32')).toEqual({ value: [64, 32] })
  expect(parse(hidden, '64，32、16')).toEqual({ value: [64, 32, 16] })
  expect(parse(hidden, '64 0')).toEqual({ error: 'form.least', params: { n: '1' } })
  expect(parse(hidden, '1 2 3 4')).toEqual({ error: 'form.more', params: { n: 3 } })
  expect(shown(hidden, [8, 4])).toBe('8, 4')
})

test('a list of texts is typed with semicolons', () => {
  const edges = field(z.array(z.string()).default([]))
  expect(parse(edges, 'A ~ B; C ~ D: 0.5；')).toEqual({ value: ['A ~ B', 'C ~ D: 0.5'] })
  expect(parse(edges, ' ')).toEqual({ value: [] })
  expect(shown(edges, ['A ~ B', 'C'])).toBe('A ~ B; C')
})

test('choices and switches', () => {
  const activation = field(z.enum(['relu', 'tanh']).default('relu'))
  expect(activation).toMatchObject({ kind: 'choice', options: ['relu', 'tanh'], fallback: 'relu' })
  expect(parse(activation, 'tanh')).toEqual({ value: 'tanh' })
  expect(parse(field(z.boolean().default(false)), 'true')).toEqual({ value: true })
})

test('what no control knows is edited as JSON', () => {
  const odd = field(z.record(z.string(), z.number()).default({ a: 1 }))
  expect(odd.kind).toBe('json')
  expect(shown(odd, undefined)).toBe('{"a":1}')
  expect(parse(odd, '{"b":2}')).toEqual({ value: { b: 2 } })
  expect(parse(odd, '{b')).toEqual({ error: 'form.json', params: {} })
})

test('names without a word in the catalogue are written apart', () => {
  expect(spaced('learningRate')).toBe('Learning rate')
  expect(spaced('k')).toBe('K')
})
