import type { Remedy } from '../../../core/data/checks/finding.ts'
import { t } from '../../i18n/index.ts'

/** What a remedy does, as its button says it, and what follows from it. */
export function remedyText(remedy: Remedy): { label: string; hint: string } {
  switch (remedy.kind) {
    case 'ignore': {
      const [column] = remedy.columns
      const many = remedy.columns.length > 1
      return {
        label: many
          ? t('remedy.ignoreMany', { n: remedy.columns.length })
          : t('remedy.ignore', { column: short(column) }),
        hint: t('remedy.ignore.hint', { columns: remedy.columns.slice(0, 20).join(', ') }),
      }
    }
    case 'group':
      return { label: t('remedy.group', { column: short(remedy.column) }), hint: t('remedy.group.hint') }
    case 'duplicates':
      return remedy.how === 'drop'
        ? { label: t('remedy.drop'), hint: t('remedy.drop.hint') }
        : { label: t('remedy.together'), hint: t('remedy.together.hint') }
    case 'protocol':
      return { label: t('remedy.protocol'), hint: t('remedy.protocol.hint') }
  }
}

const short = (name: string) => (name.length > 24 ? `${name.slice(0, 23)}…` : name)
