"""The `augury` command: every command there is, on one screen.

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 the request or prediction failed, 2 wrong usage,
3 cannot start, 130 interrupted, 141 nobody reads stdout any more.
"""

from __future__ import annotations

import typer

from augury.cli.lazy import Command, Group, Root

COMMANDS: dict[str, Command | Group] = {
    "serve": Command("Run API and engine in one process, until SIGTERM or Ctrl+C.", "augury.cli.serve:serve"),
    "push": Command("Publish a model as a new version.", "augury.cli.push:push"),
    "check": Command("Check a model without a server.", "augury.cli.check:check"),
    "run": Command("Make one prediction in a local worker, without a server.", "augury.cli.run:run"),
    "predict": Command("Make a prediction on the server.", "augury.cli.predict:predict"),
    "predictions": Group(
        "List, show, cancel and delete predictions, and read their logs.",
        {
            "list": Command("List your predictions, newest first.", "augury.cli.predictions:list_"),
            "show": Command("Show a prediction as it is now.", "augury.cli.predictions:show"),
            "logs": Command(
                "Print the log of a prediction, and of the setup that it waited for.", "augury.cli.predictions:logs"
            ),
            "cancel": Command("Ask for the end of a prediction.", "augury.cli.predictions:cancel"),
            "delete": Command("Remove a prediction's input, output, events and log.", "augury.cli.predictions:delete"),
        },
        default="list",
    ),
    "models": Group(
        "List, show, create, update and delete models, and say who may run them.",
        {
            "list": Command("List your models, or somebody's public ones.", "augury.cli.models:list_"),
            "search": Command("Find models by words.", "augury.cli.models:search"),
            "show": Command("Show a model with its latest version.", "augury.cli.models:show"),
            "create": Command("Make a model that has no version yet.", "augury.cli.models:create"),
            "update": Command("Change what is said about a model.", "augury.cli.models:update"),
            "delete": Command("Delete a model with all its versions.", "augury.cli.models:delete"),
            "access": Command(
                "List who may run a model while it is restricted, besides its owner.", "augury.cli.sharing:access"
            ),
            "allow": Command("Let a user run a model while it is restricted.", "augury.cli.sharing:allow"),
            "deny": Command(
                "Take that back. What the user has started already runs to its end.", "augury.cli.sharing:deny"
            ),
        },
        default="list",
    ),
    "categories": Group(
        "List, create, change and delete the categories of models.",
        {
            "list": Command("List all categories.", "augury.cli.categories:list_"),
            "create": Command("Make a category. For admins.", "augury.cli.categories:create"),
            "change": Command(
                "Change the name or the description of a category. For admins.", "augury.cli.categories:change"
            ),
            "delete": Command(
                "Delete a category, which takes it off its models. For admins.", "augury.cli.categories:delete"
            ),
        },
        default="list",
    ),
    "versions": Group(
        "List, show, configure and delete versions.",
        {
            "list": Command("List the versions of a model, newest first.", "augury.cli.versions:list_"),
            "show": Command("Show a version with its inputs and output.", "augury.cli.versions:show"),
            "configuration": Command(
                "Show or change what may be changed about a version.", "augury.cli.versions:configuration"
            ),
            "delete": Command("Delete a version.", "augury.cli.versions:delete"),
        },
    ),
    "variables": Group(
        "List, create, change and delete variables.",
        {
            "list": Command(
                "List your variables. The values of secret ones are not shown.", "augury.cli.variables:list_"
            ),
            "create": Command(
                "Make a variable for the environments of your models' workers.", "augury.cli.variables:create"
            ),
            "change": Command("Give a variable another value, or another key.", "augury.cli.variables:change"),
            "delete": Command("Delete a variable that no version has.", "augury.cli.variables:delete"),
        },
        default="list",
    ),
    "webhooks": Group(
        "List what was sent to a webhook, and send it again.",
        {
            "list": Command(
                "List what was and is to be sent to a prediction's webhook, oldest first.", "augury.cli.webhooks:list_"
            ),
            "redeliver": Command("Send a delivery once more, as it was.", "augury.cli.webhooks:redeliver"),
        },
    ),
    "workers": Command("Show what runs where, since when, doing what.", "augury.cli.workers:workers"),
    "hardware": Command(
        "List what versions may run on: what the nodes have, and the parts of it that have a name.",
        "augury.cli.hardware:hardware",
    ),
    "sign-in": Command("Print a link that signs a browser in to the web app.", "augury.cli.sign_in:sign_in"),
    "tokens": Group(
        "List, make and revoke tokens.",
        {
            "list": Command("List the tokens of an account, newest first.", "augury.cli.tokens:list_"),
            "create": Command("Make a token and print it.", "augury.cli.tokens:create"),
            "revoke": Command("Make a token worthless.", "augury.cli.tokens:revoke"),
        },
        default="list",
    ),
    "users": Group(
        "List, show, create, change, disable and delete accounts.",
        {
            "list": Command("List all accounts, in the order in which they joined.", "augury.cli.users:list_"),
            "show": Command("Show an account.", "augury.cli.users:show"),
            "create": Command("Make an account. For admins.", "augury.cli.users:create"),
            "change": Command("Change your account, or as an admin another's.", "augury.cli.users:change"),
            "disable": Command("Refuse all tokens of an account, at once. For admins.", "augury.cli.users:disable"),
            "enable": Command("Take the tokens of a disabled account again. For admins.", "augury.cli.users:enable"),
            "delete": Command(
                "Delete an account that has no models and no predictions. For admins.", "augury.cli.users:delete"
            ),
        },
        default="list",
    ),
    "secrets": Group(
        "Look after what is kept sealed.",
        {
            "rotate": Command(
                "Seal everything with the newest secret key, so that older ones can be given up.",
                "augury.cli.secrets:rotate",
            ),
        },
    ),
    "migrate": Command("Bring the database up to date.", "augury.cli.migrate:migrate"),
    "settings": Command("Show every setting with its value and where it came from.", "augury.cli.settings:settings"),
    "version": Command("Print the version.", "augury.cli.version:version"),
}


class _Augury(Root):
    entries = COMMANDS


app = typer.Typer(
    name="augury",
    cls=_Augury,
    help="Serve your own Python models by the WriftAI prediction API.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _augury() -> None:
    pass


def main() -> None:
    """The entry point of the installed command."""
    app()
