import type { Why } from '../../../core/data/summary.ts'
import { tOr } from '../../i18n/index.ts'

/** Why a column has its type, in the person's language. */
export const whyText = (why: Why): string => tOr(`why.${why.code}`, why.text, why.params)
