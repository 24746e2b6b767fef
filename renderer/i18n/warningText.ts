import type { Comparison } from '../../core/stats/comparison.ts'
import { keyOf, say } from '../../core/words/say.ts'
import { tOr } from './index.ts'
import type { Language } from './index.ts'

/** A warning in the person's language where it carries its values; else the English text that came with it. */
export function warningText(warning: Comparison['warnings'][number], language: Language): string {
  const { code, params, text } = warning
  if (!params) return text
  const { methodId, method } = params
  const named = methodId ? { ...params, method: tOr(`method.${methodId}`, String(method)) } : params
  return say(language, keyOf(`warning.${code}`), named)
}
