// The tab of the settings that the address names.

import { useParams } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { Missing } from "@/app/failure";
import { Profile } from "./profile";
import { Tokens } from "./tokens";
import { UsersPart } from "./users";
import { Variables } from "./variables";

const PARTS: Record<string, ComponentType | undefined> = {
  profile: Profile,
  tokens: Tokens,
  variables: Variables,
  users: UsersPart,
};

export function SettingsPart() {
  const { part } = useParams({ from: "/settings/$part" });
  const Part = Object.hasOwn(PARTS, part) ? PARTS[part] : undefined;
  return Part === undefined ? <Missing /> : <Part />;
}
