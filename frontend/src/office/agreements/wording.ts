// An annex as a sentence, in the reader's language.
import { computed, type Ref } from 'vue'
import { exactTime } from '@/clocks'
import type { Annex, Choices } from '@/api/types'
import { useSession } from '@/stores/session'
import { useWording } from '@/wording'
import type { Group } from './grouping'

const PAIRS_NAMED = 4

export const day = (moment: string): string => exactTime(Date.parse(moment)).slice(0, 10)
export const minute = (moment: string): string => exactTime(Date.parse(moment)).slice(0, 16)

export function useSentences(choices: Ref<Choices | null>) {
  const { t, named, word, agency, age } = useWording()
  const session = useSession()
  const sets = computed(() => new Map(choices.value?.data_sets.map((d) => [d.code, d]) ?? []))
  const purposes = computed(() => new Map(choices.value?.purposes.map((p) => [p.code, p]) ?? []))
  const joint = computed(() => (session.lang === 'zh' ? '、' : ', '))

  const list = (words: readonly string[]): string => words.join(joint.value)
  const agencies = (codes: readonly string[]): string => list(codes.map(agency))
  const dataName = (code: string): string => {
    const found = sets.value.get(code)
    return found ? named(found) : code
  }
  const purposeName = (code: string): string => {
    const found = purposes.value.get(code)
    return found ? named(found) : code
  }

  function who(group: Group): string {
    const data = dataName(group.terms.data)
    if (group.each) return t('agreements.each', { data })
    const pairs = group.annexes.slice(0, PAIRS_NAMED).map((a) => pair(a))
    if (group.annexes.length > PAIRS_NAMED) return t('agreements.pairs', { pairs: t('agreements.pairsN', { n: group.annexes.length }), data })
    return t('agreements.pairs', { pairs: list(pairs), data })
  }

  const pair = (annex: Annex): string => t('agreements.pair', { provider: agency(annex.provider), consumer: agency(annex.consumer) })

  function fields(annex: Annex): string {
    const every = sets.value.get(annex.data)?.fields.length
    const n = annex.fields.length
    return n === every ? t('agreements.allFields', { n }) : t('agreements.someFields', { n, names: list(annex.fields) })
  }

  /** What limits it, one short clause each. */
  function limits(annex: Annex): string[] {
    const said = [word('agreements.frequency', annex.frequency)]
    if (annex.dormant) said.push(t('agreements.asleep', { who: word('agreements.awakener', annex.awakened_by) }))
    if (annex.valid_from && annex.valid_to) said.push(t('agreements.ownTerm', { from: day(annex.valid_from), to: day(annex.valid_to) }))
    if (annex.delay_s) said.push(t('agreements.delay', { age: age(annex.delay_s * 1000) }))
    if (annex.precision_m) said.push(t('agreements.precision', { m: annex.precision_m }))
    if (annex.area) said.push(t('agreements.area'))
    const masked = Object.keys(annex.masks)
    if (masked.length) said.push(t('agreements.masked', { names: list(masked) }))
    const acts = (annex.acts ?? []).map((act) => word('agreements.act', act.replace('.', '_')))
    if (acts.length) said.push(t('agreements.letsDo', { acts: list(acts) }))
    if (annex.label !== 1) said.push(t('agreements.labelUpTo', { label: t(`agreements.level.l${annex.label}`) }))
    said.push(annex.forwarding.length ? t('agreements.forwarded', { agencies: agencies(annex.forwarding) }) : t('agreements.notForwarded'))
    return said
  }

  const purpose = (annex: Annex): string => t('agreements.forPurpose', { purposes: list(annex.purposes.map(purposeName)) })

  return { list, agencies, dataName, who, pair, fields, limits, purpose }
}
