using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace Unmask.Tests {

/// <summary>A test: a method without arguments of a class whose constructor has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TestAttribute : Attribute {}

public static class Check {
  public static void That(bool condition, string what) {
    if (!condition) throw new Exception("Expected: " + what);
  }

  public static void Equal<T>(T expected, T actual) {
    That(EqualityComparer<T>.Default.Equals(expected, actual), $"{expected}, but got {actual}");
  }

  public static T Throws<T>(Action action) where T : Exception {
    try {
      action();
    } catch (T expected) {
      return expected;
    }
    throw new Exception("Expected: " + typeof(T).Name);
  }
}

/// <summary>Runs the tests whose name contains the first argument, or all.</summary>
public static class Runner {
  public static int Main(string[] arguments) {
    var tests = Assembly.GetExecutingAssembly().GetTypes().SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttribute<TestAttribute>() != null)
        .Where(method => arguments.Length == 0 || method.Name.Contains(arguments[0])).ToList();
    int failed = tests.Count(test => !Passes(test));
    Console.WriteLine($"{tests.Count - failed} passed, {failed} failed");
    return failed == 0 && tests.Count > 0 ? 0 : 1;
  }

  private static bool Passes(MethodInfo test) {
    try {
      test.Invoke(Activator.CreateInstance(test.DeclaringType), null);
      return true;
    } catch (TargetInvocationException e) {
      Console.WriteLine($"FAILED {test.DeclaringType.Name}.{test.Name}: {e.InnerException}");
      return false;
    }
  }
}

}
