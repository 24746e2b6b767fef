import type { Comparison } from '../../core/stats/comparison.ts'
import { keyOf, say } from '../../core/words/say.ts'
import type { Language } from './index.ts'

/** A warning in the person's language where it carries its values; else the English text that came with it. */
export function warningText(warning: Comparison['warnings'][number], language: Language): string {
  const { code, params, text } = warning
  return params ? say(language, keyOf(`warning.${code}`), params) : text
}
