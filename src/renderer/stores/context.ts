import { createContext } from 'svelte';
import type { Session } from './session.svelte.js';

/** The page's one session; `App` sets it, every part below may get it. */
export const [getSession, setSession] = createContext<Session>();
