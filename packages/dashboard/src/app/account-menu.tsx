import { signOut } from "../api/sign-in.ts";
import { useSignIn } from "../sign-in/sign-in-state.tsx";
import { Button } from "../ui/button.tsx";
import { Menu } from "../ui/menu.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

/** Which environment one is in, the theme, and the way out. */
export function AccountMenu() {
  const { state, set } = useSignIn();
  if (state.status !== "signed-in") return null;
  const { environment, readOnly } = state;
  async function leave() {
    const answer = await signOut();
    if (answer?.ok) set({ status: "signed-out" });
  }
  return (
    <Menu
      title={<span className="environment">{readOnly ? `${environment} · read-only` : environment}</span>}
    >
      <p className="muted">
        Environment <strong>{environment}</strong>
        {readOnly ? ", with a key that may look only." : ""}
      </p>
      <ThemeSwitch />
      <Button onClick={() => void leave()}>Sign out</Button>
    </Menu>
  );
}
