"""All dispatch routes, which need the same permissions: one function of the template."""

from importlib import import_module

from core.tasks import registry
from core.tasks.names import TASK_TYPES
from handlers.http import Endpoints

handler = Endpoints(
    {f"POST /dispatch/{name.replace('_', '-')}": import_module(f"handlers.{name}").handler for name in TASK_TYPES}
)

registry.task("qa_plan")  # the commonest is loaded while the function starts, the others when they are asked for
