import { en, type WordKey } from './en.ts'
import { zh } from './zh.ts'

export type Language = 'en' | 'zh'
export type { WordKey }
export type Params = Record<string, string | number>

/** A text of the catalogue with its params filled in; a param that is not given stays visible as {name}. */
export function say(language: Language, key: WordKey, params: Params = {}): string {
  const text: string = (language === 'zh' ? zh : en)[key]
  const filled = text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : whole,
  )
  return language === 'zh' ? closedUp(filled) : filled
}

/** Chinese has a space beside Latin words and figures, and none where a Chinese name took their place. */
export const closedUp = (text: string): string =>
  text.replace(/(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])/g, '')

/** As `say` in English, for codes that are put together; a code that the catalogue lacks is our own mistake. */
export function english(code: string, params: Params = {}): string {
  return say('en', keyOf(code), params)
}

export function keyOf(code: string): WordKey {
  if (!Object.hasOwn(en, code)) throw new Error(`internal: no text for "${code}"`)
  return code as WordKey
}
