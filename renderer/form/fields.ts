import type { Key, TextParams } from '../i18n/index.ts'

/** A JSON Schema as `methods.list` and zod give it, as far as forms read it. */
export type JsonSchema = {
  type?: string
  properties?: Record<string, JsonSchema>
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  items?: JsonSchema
  default?: unknown
  description?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minItems?: number
  maxItems?: number
  /** Of a choice whose options need words: names, what each does, and those that stand behind the common ones. */
  names?: Record<string, string>
  abouts?: Record<string, string>
  more?: string[]
  /** Read only where another parameter has one of these values. */
  when?: Record<string, unknown[]>
}

type Range = { integer: boolean; min: number | null; max: number | null; openMin: boolean; openMax: boolean }
/** One line of a form. What is not understood is edited as JSON, so that no parameter is out of reach. */
export type FormField = { name: string; fallback: unknown; about: string; when: JsonSchema['when'] } & (
  | ({ kind: 'number' } & Range)
  | { kind: 'boolean' }
  | ({ kind: 'choice'; options: unknown[] } & Pick<JsonSchema, 'names' | 'abouts' | 'more'>)
  | { kind: 'list'; item: Range; least: number; most: number | null }
  | { kind: 'texts' }
  | { kind: 'json' }
)

/** `only` chooses and orders the fields. */
export function fieldsOf(schema: JsonSchema, only?: readonly string[]): FormField[] {
  const properties = schema.properties ?? {}
  return (only ?? Object.keys(properties)).flatMap((name) =>
    properties[name] ? [fieldOf(name, properties[name])] : [],
  )
}

/** Whether a field has a meaning beside these values. */
export function isRead(field: FormField, fields: readonly FormField[], values: Record<string, unknown>): boolean {
  return Object.entries(field.when ?? {}).every(([name, wanted]) =>
    wanted.includes(values[name] ?? fields.find((other) => other.name === name)?.fallback),
  )
}

function fieldOf(name: string, schema: JsonSchema): FormField {
  const base = { name, fallback: schema.default, about: schema.description ?? '', when: schema.when }
  const options = choices(schema)
  if (options) {
    const { names, abouts, more } = schema
    return { ...base, kind: 'choice', options, names, abouts, more }
  }
  if (schema.type === 'boolean') return { ...base, kind: 'boolean' }
  if (isNumber(schema)) return { ...base, kind: 'number', ...rangeOf(schema) }
  if (schema.type === 'array' && schema.items && isNumber(schema.items)) {
    return {
      ...base,
      kind: 'list',
      item: rangeOf(schema.items),
      least: schema.minItems ?? 0,
      most: schema.maxItems ?? null,
    }
  }
  if (schema.type === 'array' && schema.items?.type === 'string') return { ...base, kind: 'texts' }
  return { ...base, kind: 'json' }
}

function choices(schema: JsonSchema): unknown[] | null {
  if (schema.enum) return schema.enum
  const parts = schema.anyOf
  return parts?.every((part) => part.const !== undefined) ? parts.map((part) => part.const) : null
}

const isNumber = (schema: JsonSchema) => schema.type === 'number' || schema.type === 'integer'

/** Bounds of whole numbers that stand for "any" (JavaScript's safe integers) are no bounds for a person. */
function rangeOf(schema: JsonSchema): Range {
  const bound = (value: number | undefined) =>
    value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? null : value
  return {
    integer: schema.type === 'integer',
    min: bound(schema.minimum ?? schema.exclusiveMinimum),
    max: bound(schema.maximum ?? schema.exclusiveMaximum),
    openMin: schema.exclusiveMinimum !== undefined,
    openMax: schema.exclusiveMaximum !== undefined,
  }
}

/** The value as a person types it. */
export function shown(field: FormField, value: unknown): string {
  const given = value === undefined ? field.fallback : value
  if (given === undefined || given === null) return ''
  if (field.kind === 'number') return String(given)
  if (field.kind === 'list') return (given as unknown[]).join(', ')
  if (field.kind === 'texts') return (given as unknown[]).join('; ')
  return field.kind === 'json' ? JSON.stringify(given) : String(given)
}

export type Parsed = { value: unknown } | { error: Key; params: TextParams }

/** What a person typed, as a value. An empty text is the default. */
export function parse(field: FormField, text: string): Parsed {
  const trimmed = text.trim()
  // Nothing typed is the default, which an empty list looks like too.
  if (trimmed === '') return { value: Array.isArray(field.fallback) && !field.fallback.length ? [] : undefined }
  if (field.kind === 'number') return parseNumber(trimmed, field)
  if (field.kind === 'list') return parseList(trimmed, field)
  if (field.kind === 'texts')
    return {
      value: trimmed
        .split(/[;；]/)
        .map((part) => part.trim())
        .filter(Boolean),
    }
  if (field.kind === 'choice') return { value: field.options.find((option) => String(option) === trimmed) }
  if (field.kind === 'boolean') return { value: trimmed === 'true' }
  try {
    return { value: JSON.parse(trimmed) }
  } catch {
    return { error: 'form.json', params: {} }
  }
}

function parseNumber(text: string, range: Range): Parsed {
  const value = Number(text.replace('\u2212', '-').replace(/^(-?\d+),(\d+)$/, '$1.$2'))
  if (!Number.isFinite(value)) return { error: 'form.number', params: {} }
  if (range.integer && !Number.isInteger(value)) return { error: 'form.integer', params: {} }
  const low = range.min !== null && (range.openMin ? value <= range.min : value < range.min)
  const high = range.max !== null && (range.openMax ? value >= range.max : value > range.max)
  if (low) return { error: range.openMin ? 'form.above' : 'form.least', params: { n: String(range.min) } }
  if (high) return { error: range.openMax ? 'form.below' : 'form.most', params: { n: String(range.max) } }
  return { value }
}

function parseList(text: string, field: Extract<FormField, { kind: 'list' }>): Parsed {
  const parts = text.split(/[\s,，、;；]+/).filter((part) => part !== '')
  if (parts.length < field.least) return { error: 'form.fewer', params: { n: field.least } }
  if (field.most !== null && parts.length > field.most) return { error: 'form.more', params: { n: field.most } }
  const values: unknown[] = []
  for (const part of parts) {
    const parsed = parseNumber(part, field.item)
    if ('error' in parsed) return parsed
    values.push(parsed.value)
  }
  return { value: values }
}

/** "learningRate" as "learning rate", where the catalogue has no word for it. */
export const spaced = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/^./, (first) => first.toUpperCase())
