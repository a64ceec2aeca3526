import { expect, test } from "vitest";
import { complaints } from "./complaints";
import { Problem } from "./problem";

const invalid = (...places: [loc: (string | number)[], msg: string][]) =>
  new Problem(
    "no",
    422,
    "x",
    null,
    places.map(([loc, msg]) => ({ loc, msg, type: "x" })),
  );

test("each complaint is said at its field, several of one field together", () => {
  const error = invalid(
    [["body", "name"], "Too long."],
    [["body", "scopes", 0], "Unknown."],
    [["body", "name"], "Odd."],
  );
  expect(complaints(error, ["name", "scopes"])).toEqual({
    at: { name: "Too long. Odd.", scopes: "Unknown." },
    rest: undefined,
  });
});

test("what belongs to no field is left for the form", () => {
  const error = invalid([["body", "name"], "Too long."], [["body"], "No object."]);
  expect(complaints(error, ["name"])).toEqual({ at: { name: "Too long." }, rest: error });
  const refused = new Problem("Only admins may.", 403, "admins_only");
  expect(complaints(refused, ["name"]).rest).toBe(refused);
});

test("a conflict is said at the field that it is about, with what to do", () => {
  const taken = new Problem("The name ada is taken.", 409, "name_taken", "Choose another name.");
  expect(complaints(taken, ["name"], { name_taken: "name" })).toEqual({
    at: { name: "The name ada is taken. Choose another name." },
    rest: undefined,
  });
});
