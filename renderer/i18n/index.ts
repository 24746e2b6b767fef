import { closedUp } from '../../core/words/say.ts'
import en from './en.ts'
import zh from './zh.ts'
import zhFound from './zh/found.ts'
import zhMetafeatures from './zh/metafeatures.ts'
import zhOutside from './zh/outside.ts'
import { settings } from '../lab/settings.svelte.ts'

export type Key = keyof typeof en
export type Language = 'en' | 'zh'
export type TextParams = Record<string, string | number>

const catalogues: Record<Language, Record<string, string>> = { en, zh: { ...zhOutside, ...zhMetafeatures, ...zh } }
const locales: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' }

/** The text of a key in the person's language. Reading it inside a component follows a change of language. */
export function t(key: Key, params: TextParams = {}): string {
  return fill(catalogues[settings.language][key], params, settings.language)
}

/**
 * For keys that come from elsewhere (error codes, method ids, metric names): the text where the catalogue has one,
 * else what came with it.
 */
export function tOr(key: string, otherwise: string, params: TextParams = {}): string {
  const text = catalogues[settings.language][key]
  return text === undefined ? otherwise : fill(text, params, settings.language)
}

/** Who found an error, or what was found, in the person's language where its pattern is known. */
export function found(text: string): string {
  const known = settings.language === 'zh' && zhFound.find(([pattern]) => pattern.test(text))
  return known ? text.replace(known[0], known[1]) : text
}

/** Sentences one after the other: Chinese has no space between them. */
export const sentences = (...said: string[]): string => said.join(settings.language === 'zh' ? '' : ' ')

/** Names one after the other: Chinese has a comma of its own for lists. */
export const listed = (names: readonly string[]): string => names.join(settings.language === 'zh' ? '\u3001' : ', ')

/** `{name}` takes a value; `{n:row|rows}` chooses by the value of `n`: one, other. Numbers are written as the locale does. */
export function fill(text: string, params: TextParams, language: Language): string {
  const filled = text.replace(
    /\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g,
    (whole, name: string, one?: string, other?: string) => {
      const value = params[name]
      if (value === undefined) return whole
      if (one !== undefined) return value === 1 ? one : (other as string)
      return typeof value === 'number' ? formatNumber(value, language) : value
    },
  )
  return language === 'zh' ? closedUp(filled) : filled
}

/** Making one costs a tenth of a millisecond, and there are few different ones. */
const formats = new Map<string, Intl.NumberFormat>()

export function formatNumber(value: number, language: Language, digits = 4): string {
  const maximumSignificantDigits = Math.max(digits, wholeDigits(value))
  const key = `${language} ${maximumSignificantDigits}`
  let format = formats.get(key)
  if (!format) formats.set(key, (format = new Intl.NumberFormat(locales[language], { maximumSignificantDigits })))
  return format.format(value).replace('-', '\u2212')
}

/** A number for reading, in the person's language: significant digits, true minus sign, whole numbers whole. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value == null || Number.isNaN(value)) return '\u2013'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e9))
    return value.toExponential(Math.min(2, digits - 1)).replace('-', '\u2212')
  return formatNumber(value, settings.language, digits)
}

const wholeDigits = (value: number) => Math.max(1, Math.ceil(Math.log10(Math.abs(Math.trunc(value)) + 1)))

/** "35 s", "2 min 10 s", "3 h 5 min". */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return t('time.unknown')
  const whole = Math.max(seconds > 0 ? 1 : 0, Math.round(seconds))
  if (whole < 60) return t('time.seconds', { n: whole })
  if (whole < 3600) return t('time.minutes', { m: Math.floor(whole / 60), s: whole % 60 })
  return t('time.hours', { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) })
}

export function dateTime(iso: string): string {
  return new Intl.DateTimeFormat(locales[settings.language], { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(iso),
  )
}
