// Who sits here, and in which language. Where nobody is signed in, the board is not there.
import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'
import { get, post, remove, speak, Trouble, whenSignedOut } from '@/api/http'
import type { Lang, Me, SecondStep } from '@/api/types'
import { i18n, setLanguage } from '@/i18n'
import { sayHint } from '@/toast'

const KEPT = 'jiangdun.lang'

function firstLanguage(): Lang {
  const kept = localStorage.getItem(KEPT)
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const known = ref(false) // whether the server has been asked who we are
  const ended = ref(false) // a session that was there has ended: said on the sign-in page
  const step = shallowRef<SecondStep | null>(null) // the password was right, the second factor is awaited
  const lang = ref<Lang>(firstLanguage())

  watch(
    lang,
    (now) => {
      speak(now)
      setLanguage(now)
      localStorage.setItem(KEPT, now)
    },
    { immediate: true },
  )

  async function restore(): Promise<void> {
    try {
      me.value = await get<Me>('/api/session')
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble
      if (trouble.status === 0) throw trouble // not reached: not the same as not signed in
      me.value = null
    }
    known.value = true
  }

  async function signIn(username: string, password: string): Promise<void> {
    const answer = await post<Me | SecondStep>('/api/session', { username, password })
    ended.value = false
    if ('ways' in answer) step.value = answer
    else enter(answer)
  }

  function enter(who: Me): void {
    me.value = who
    if (who.elsewhere > 0) sayHint(i18n.global.t('account.sessions.several', { n: who.elsewhere }))
  }

  /** Go on with a code, a recovery code, or what a key has signed. */
  async function secondStep(shown: object): Promise<void> {
    try {
      enter(await post<Me>('/api/session/second', shown))
      step.value = null
    } catch (trouble) {
      if (trouble instanceof Trouble && trouble.code === 'step_gone') step.value = null
      throw trouble
    }
  }

  /** Come back from another provider: a second step may be awaited. */
  async function resumeStep(): Promise<void> {
    step.value = await get<SecondStep>('/api/session/second')
  }

  function stepBack(): void {
    step.value = null
  }

  async function signOut(): Promise<void> {
    await remove('/api/session')
    me.value = null
    ended.value = false
  }

  function lost(): void {
    if (me.value) ended.value = true
    me.value = null
  }

  function otherLanguage(): void {
    lang.value = lang.value === 'zh' ? 'en' : 'zh'
  }

  whenSignedOut(lost)
  return { me, known, ended, step, lang, restore, signIn, secondStep, resumeStep, stepBack, signOut, lost, otherLanguage }
})
